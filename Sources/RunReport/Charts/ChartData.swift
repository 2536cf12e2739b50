import Plotting

/// What the crosshair of a chart reads: the named lines, with four digits a value.
struct ChartData {
    private let json: String

    /// The data of a chart whose lines have been made shorter.
    init(_ chart: Chart, _ lines: [(Chart.Line, [CurvePoint])], _ axes: ChartAxes) {
        let parts = lines.filter(\.0.isNamed).map { line, points in
            let finite = points.filter(\.y.isFinite)
            let steps = finite.map { "\(Int(clamping: $0.x))" }.joined(separator: ",")
            let values = finite.map { Self.text(chart.unit.text($0.y)) }.joined(separator: ",")
            let places = finite.map { "\(Int(clamping: axes.y.place($0.y) * 2.5))" }.joined(separator: ",")
            return "{\"n\":\(Self.text(line.name)),\"c\":\(Self.text(Chart.color(line.color))),"
                + "\"x\":[\(steps)],\"v\":[\(values)],\"y\":[\(places)]}"
        }
        let range = axes.x.range
        json = "{\"low\":\(range.lowerBound),\"high\":\(range.upperBound),\"lines\":[\(parts.joined(separator: ","))]}"
    }

    /// A text of JSON that is neither markup nor the end of an element.
    static func text(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "<", ">", "&", "\u{2028}", "\u{2029}": result += Self.escape(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
                result += Self.escape(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// The element that holds it.
    var markup: Markup { Markup(stringLiteral: "<script type=\"application/json\">\(json)</script>") }
}
