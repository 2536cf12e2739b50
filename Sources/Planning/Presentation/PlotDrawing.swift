import Plotting

/// The elements of an SVG, which are drawn one over the other.
struct PlotDrawing {
    /// Of middling lightness, so that they stand out from white and from black.
    static let (grey, blue, orange, purple) = ("#7d8590", "#3b82f6", "#e8842c", "#9a6ee0")

    private let width: Int
    private let height: Int
    private var elements: [String] = []

    /// An empty drawing of a size in pixels.
    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Writes a text; its anchor is `start`, `middle` or `end`.
    mutating func text(
        _ text: String, x: Double, y: Double, size: Int, isBold: Bool = false, anchor: String = "start",
        rotation: Int? = nil
    ) {
        let turn = rotation.map { " transform=\"rotate(\($0) \(Self.number(x)) \(Self.number(y)))\"" } ?? ""
        let weight = isBold ? " font-weight=\"600\"" : ""
        elements.append(
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(size)\" fill=\"\(Self.grey)\""
                + "\(weight) text-anchor=\"\(anchor)\"\(turn)>\(Self.escaped(text))</text>")
    }

    /// Draws a line through points.
    mutating func line(_ points: [(Double, Double)], color: String, isDashed: Bool = false) {
        let dashes = isDashed ? " stroke-dasharray=\"5 4\"" : ""
        elements.append(
            "<polyline points=\"\(Self.list(points))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\" "
                + "stroke-linejoin=\"round\"\(dashes)/>")
    }

    /// Draws a dot at each point.
    mutating func dots(_ points: [(Double, Double)], color: String) {
        for (x, y) in points {
            elements.append("<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"3\" fill=\"\(color)\"/>")
        }
    }

    /// Fills what lies between two lines.
    mutating func area(_ upper: [(Double, Double)], _ lower: [(Double, Double)], color: String) {
        elements.append(
            "<polygon points=\"\(Self.list(upper + lower.reversed()))\" fill=\"\(color)\" fill-opacity=\"0.45\"/>")
    }

    /// Draws thin lines at the ticks, their texts, and the label of the vertical axis.
    mutating func grid(
        _ x: PlotAxis, _ y: PlotAxis, xTicks: [(Double, String)], yTicks: [(Double, String)], yLabel: String
    ) {
        let (left, right) = x.ends
        let (bottom, top) = y.ends
        for (value, label) in xTicks {
            rule((x.place(value), bottom), (x.place(value), top))
            text(label, x: x.place(value), y: bottom + 18, size: 12, anchor: "middle")
        }
        for (value, label) in yTicks {
            rule((left, y.place(value)), (right, y.place(value)))
            text(label, x: left - 8, y: y.place(value) + 4, size: 12, anchor: "end")
        }
        text(yLabel, x: 24, y: (bottom + top) / 2, size: 12, anchor: "middle", rotation: -90)
    }

    /// Names the colours, one below the other.
    mutating func legend(_ entries: [(String, String, Bool)], x: Double, y: Double) {
        for (index, (name, color, isDashed)) in entries.enumerated() {
            let row = y + 22 * Double(index)
            line([(x, row - 4), (x + 20, row - 4)], color: color, isDashed: isDashed)
            text(name, x: x + 28, y: row, size: 12)
        }
    }

    /// The whole file.
    func document(title: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
        font-family="system-ui, sans-serif" role="img">
        <title>\(Self.escaped(title))</title>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    private mutating func rule(_ from: (Double, Double), _ to: (Double, Double)) {
        elements.append(
            "<line x1=\"\(Self.number(from.0))\" y1=\"\(Self.number(from.1))\" x2=\"\(Self.number(to.0))\" "
                + "y2=\"\(Self.number(to.1))\" stroke=\"\(Self.grey)\" stroke-opacity=\"0.3\"/>")
    }

    private static func list(_ points: [(Double, Double)]) -> String {
        points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
    }

    private static func number(_ value: Double) -> String { MarkupText.coordinate(value) }

    private static func escaped(_ text: String) -> String { MarkupText.escaped(text) }
}
