import Foundation
import Plotting

/// The axes that hold all of a chart's lines.
struct ChartAxes {
    /// The size of the drawing, which is stretched to what there is room for.
    static let (width, height) = (1000.0, 400.0)

    /// An axis reaches no farther, so that the distance of its ends is a number.
    private static let farthest = 1e300

    let x: PlotAxis
    let y: PlotAxis

    /// Axes for a chart.
    init(_ chart: Chart) {
        let points = chart.lines.lazy.flatMap(\.points)
        var steps = (low: Double.infinity, high: -Double.infinity)
        var values = (low: Double.infinity, high: -Double.infinity)
        var lowestPositive = Double.infinity
        var isPositive = true
        for point in points {
            steps = (min(steps.low, point.x), max(steps.high, point.x))
            guard point.y.isFinite else { continue }
            let value = min(max(point.y, -Self.farthest), Self.farthest)
            values = (min(values.low, value), max(values.high, value))
            if point.y > 0 { lowestPositive = min(lowestPositive, point.y) } else { isPositive = false }
        }
        if steps.low > steps.high { steps = (0, 1) }
        // Charts of a run that was seen from its start have the same axis.
        if steps.low >= 0, steps.low < steps.high * 0.2 || chart.hasOneStep { steps.low = 0 }
        steps.high = max(steps.high, Double(chart.lastStep ?? 0))
        if steps.low == steps.high { steps.high += 1 }
        x = PlotAxis(range: steps.low...steps.high, ends: (0, Self.width), isLogarithmic: false)

        if values.low > values.high { values = (0, 1) }
        if chart.beginsAtZero { values.low = min(values.low, 0) }
        let isLogarithmic =
            switch chart.scale {
            case .linear: false
            case .logarithmic: isPositive && lowestPositive.isFinite
            case .whatFits: isPositive && lowestPositive.isFinite && Self.spansDecades(chart)
            }
        y = PlotAxis(
            range: Self.padded(values.low, values.high, isLogarithmic, isShare: chart.unit == .percent),
            ends: (Self.height, 0), isLogarithmic: isLogarithmic)
    }

    /// Whether the strong lines, whose noise is gone, change by more than a factor of eight, or the faint by a thousand.
    private static func spansDecades(_ chart: Chart) -> Bool {
        func ratio(_ strokes: Set<Chart.Stroke>) -> Double {
            let values = chart.lines.filter { strokes.contains($0.stroke) }.flatMap(\.points).map(\.y).filter(
                \.isFinite)
            guard let low = values.min(), let high = values.max(), low > 0 else { return 1 }
            return high / low
        }
        return ratio([.strong, .dotted]) > 8 || ratio([.faint]) > 1000
    }

    private static func padded(
        _ low: Double, _ high: Double, _ isLogarithmic: Bool, isShare: Bool
    ) -> ClosedRange<Double> {
        if isLogarithmic {
            let factor = max(exp(0.05 * (log(high) - log(low))), 1.02)
            return max(low / factor, .leastNonzeroMagnitude)...min(high * factor, .greatestFiniteMagnitude)
        }
        // Half of each, since the distance of two numbers may be infinite.
        let half = high / 2 - low / 2
        // What differs in its last digits alone is a straight line.
        guard half > abs(high) * 1e-9 else {
            let room = max(abs(high) * 0.1, 1e-9)
            return isShare ? max(0, low - 0.05)...min(max(high, 0), 0.95) + 0.05 : (low - room)...(high + room)
        }
        let room = half * 0.1
        // An axis that would begin a little above zero begins there.
        let bottom = low >= 0 && low < half * 0.6 ? 0 : low - room
        return bottom...(isShare && high <= 1 ? min(1, high + room) : high + room)
    }

    /// Places and texts of the ticks of a horizontal axis, at whole steps.
    var xTicks: [(share: Double, text: String)] {
        let ticks = x.ticks(6).filter { $0 == $0.rounded() }
        return Self.distinct(
            ticks.map {
                (
                    (x.place($0)) / Self.width,
                    $0 < 10_000 ? NumberText.grouped(Int(clamping: $0)) : NumberText.compact($0)
                )
            })
    }

    /// Places, from the top, and texts of the ticks of the vertical axis.
    func yTicks(_ unit: Chart.Unit) -> [(share: Double, text: String)] {
        Self.distinct(y.ticks(5).map { (y.place($0) / Self.height, unit.tick($0)) })
    }

    /// Leaves out ticks whose text is that of the one before, as where an axis spans too little for the digits.
    private static func distinct(_ ticks: [(share: Double, text: String)]) -> [(share: Double, text: String)] {
        var result: [(share: Double, text: String)] = []
        for tick in ticks where result.last?.text != tick.text { result.append(tick) }
        return result
    }
}

extension Int {
    /// The nearest whole number that there is.
    init(clamping value: Double) {
        self = value >= 9e18 ? .max : value <= -9e18 ? .min : value.isNaN ? 0 : Int(value.rounded())
    }
}
