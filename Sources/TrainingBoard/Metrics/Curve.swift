/// A part of a series in as many points as can be seen.
struct Curve: Sendable, Equatable {
    /// The points that are drawn, steps ascending.
    private(set) var steps: [Int32] = []
    private(set) var values: [Float] = []
    /// Steps whose value is NaN or infinite, at most ``mostNotFinite`` of them.
    private(set) var notFinite: [Int32] = []
    /// How many points of the series lie in the range.
    let count: Int

    static let mostNotFinite = 200

    /// Takes of each column of pixels the first, the last, the lowest and the highest point: a line through them covers
    /// the same pixels as one through all.
    ///
    /// - Parameters:
    ///   - series: The whole series.
    ///   - range: Which of its points.
    ///   - columns: How many columns of pixels the range of steps is drawn in.
    init(_ series: Series, _ range: Range<Int>, columns: Int) {
        count = range.count
        guard let first = range.first, let last = range.last else { return }
        let columns = max(1, columns)
        guard range.count > 4 * columns else {
            for index in range { add(series, index) }
            return
        }
        let start = Double(series.steps[first])
        let width = max(1, Double(series.steps[last]) - start + 1) / Double(columns)
        var index = first
        for column in 1...columns {
            let end = column == columns ? Double.infinity : start + Double(column) * width
            let from = index
            while index <= last, Double(series.steps[index]) < end { index += 1 }
            addColumn(series, from..<index)
        }
    }

    private mutating func addColumn(_ series: Series, _ range: Range<Int>) {
        var chosen: (first: Int, last: Int, lowest: Int, highest: Int)?
        for index in range {
            let value = series.values[index]
            guard value.isFinite else {
                noteNotFinite(series.steps[index])
                continue
            }
            guard var now = chosen else {
                chosen = (index, index, index, index)
                continue
            }
            now.last = index
            if value < series.values[now.lowest] { now.lowest = index }
            if value > series.values[now.highest] { now.highest = index }
            chosen = now
        }
        guard let chosen else { return }
        let (low, high) = (min(chosen.lowest, chosen.highest), max(chosen.lowest, chosen.highest))
        var previous = -1
        for index in [chosen.first, low, high, chosen.last] where index > previous {
            add(series, index)
            previous = index
        }
    }

    private mutating func add(_ series: Series, _ index: Int) {
        guard series.values[index].isFinite else { return noteNotFinite(series.steps[index]) }
        steps.append(series.steps[index])
        values.append(series.values[index])
    }

    private mutating func noteNotFinite(_ step: Int32) {
        if notFinite.count < Self.mostNotFinite { notFinite.append(step) }
    }
}
