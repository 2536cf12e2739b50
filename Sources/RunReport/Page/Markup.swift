import Plotting

/// HTML, made of texts and other markup.
///
/// A text that is put into it is escaped; what is written in the source, and other markup, is not.
///
/// ```swift
/// let heading: Markup = "<h2>\(title)</h2>"   // also where the title has a `<`
/// ```
struct Markup: ExpressibleByStringInterpolation, Sendable {
    /// The HTML.
    private(set) var source: String

    /// Nothing.
    static let empty = Markup(stringLiteral: "")

    init(stringLiteral value: String) { source = value }

    init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { source += literal }
        mutating func appendInterpolation(_ text: String) { source += MarkupText.escaped(text) }
        mutating func appendInterpolation(_ number: Int) { source += "\(number)" }
        mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
        mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { source += part.source } }
        mutating func appendInterpolation(percent share: Double) { source += "\(MarkupText.coordinate(100 * share))%" }
    }

    static func += (left: inout Markup, right: Markup) { left.source += right.source }
}
