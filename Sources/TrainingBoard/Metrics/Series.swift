/// One metric of one run: a value a step, steps ascending.
///
/// Eight bytes a point, so that a hundred thousand points take less than a megabyte.
struct Series: Sendable, Equatable {
    private(set) var steps: [Int32] = []
    private(set) var values: [Float] = []

    var count: Int { steps.count }

    /// Adds a point.
    ///
    /// A step that is there already, or was passed, takes the place of itself and all behind it: the training went back.
    mutating func append(_ step: Int, _ value: Double) {
        let step = Int32(clamping: step)
        if let last = steps.last, last >= step {
            let kept = index(ofFirstFrom: step)
            steps.removeSubrange(kept...)
            values.removeSubrange(kept...)
        }
        steps.append(step)
        values.append(Float(value))
    }

    /// Makes room for points.
    mutating func reserve(_ count: Int) {
        steps.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// The index of the first point whose step is `step` or later.
    func index(ofFirstFrom step: Int32) -> Int {
        var (low, high) = (0, steps.count)
        while low < high {
            let middle = (low + high) / 2
            if steps[middle] < step { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The points of a range of steps.
    func range(from first: Int?, to last: Int?) -> Range<Int> {
        let low = first.map { index(ofFirstFrom: Int32(clamping: $0)) } ?? 0
        guard let last, last < Int32.max else { return low..<count }
        return low..<max(low, index(ofFirstFrom: Int32(clamping: last + 1)))
    }
}
