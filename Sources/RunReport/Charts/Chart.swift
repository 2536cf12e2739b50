/// Curves over steps, with a title, a legend and axes.
struct Chart: Sendable {
    /// What a line looks like.
    enum Stroke: String, Sendable {
        /// Behind the others: values as they were logged.
        case faint
        /// A line.
        case strong
        /// A line with a dot at each value.
        case dotted
    }

    /// What values are, which says how they are written.
    enum Unit: String, Sendable {
        case plain, percent, compact

        /// A value as a legend has it.
        func text(_ value: Double) -> String {
            switch self {
            case .plain: NumberText.plain(value)
            case .percent: NumberText.percent(value, digits: 2)
            case .compact:
                value.isFinite && abs(value) >= 10 ? NumberText.grouped(Int(clamping: value)) : NumberText.plain(value)
            }
        }

        /// A value as an axis has it.
        func tick(_ value: Double) -> String {
            self == .percent
                ? NumberText.compact((value * 1e6).rounded() / 1e4) + "\u{202F}%" : NumberText.compact(value)
        }
    }

    /// How the vertical axis is divided.
    enum Scale: Sendable { case linear, logarithmic, whatFits }

    /// A curve.
    struct Line: Sendable {
        let name: String
        /// The number of its colour.
        let color: Int
        let stroke: Stroke
        let points: [CurvePoint]
        /// Whether the legend and the crosshair name it.
        var isNamed = true
    }

    /// Made of letters, digits and hyphens, and only once on a page.
    let id: String
    let title: String
    var note: String?
    var unit = Unit.plain
    var scale = Scale.linear
    var isWide = false
    /// Whether a linear vertical axis has zero on it, as for rates, of which half has to look like half.
    var beginsAtZero = false
    /// Steps where something begins, such as an epoch, which thin lines mark.
    var marks: [(step: Int, name: String)] = []
    /// Up to where the axis reaches at least.
    var lastStep: Int?
    let lines: [Line]

    /// The lines of one series: faint as it was logged, and smoothed; or as it was logged alone, where it is short.
    static func lines(
        _ name: String, _ points: [CurvePoint], color: Int, hasDots: Bool = false, isSmoothed: Bool = true
    ) -> [Line] {
        guard !points.isEmpty else { return [] }
        if isSmoothed, !hasDots, let smoothed = Smoothing.smoothed(points) {
            return [
                Line(name: name, color: color, stroke: .faint, points: points, isNamed: false),
                Line(name: name, color: color, stroke: .strong, points: smoothed),
            ]
        }
        let isShort = points.count <= 24
        return [Line(name: name, color: color, stroke: hasDots || isShort ? .dotted : .strong, points: points)]
    }

    /// Whether all values are of one step.
    var hasOneStep: Bool { Set(lines.lazy.flatMap { $0.points.prefix(2).map(\.x) }).count == 1 }

    /// Whether there is a value to draw.
    var isEmpty: Bool { !lines.contains { !$0.points.isEmpty } }
}
