import Plotting

/// A horizontal bar of several parts, for a cell beside which the numbers stand.
struct StackedBar {
    /// Lengths from 0 to 1 of the room that there is, and the numbers of their colours.
    let parts: [(length: Double, color: Int)]

    /// The drawing, which has no words of its own.
    var markup: Markup {
        var start = 0.0
        let rectangles = parts.filter { $0.length > 0 }.map { part -> Markup in
            defer { start += part.length }
            return
                "<rect class=\"s\(part.color)\" x=\"\(MarkupText.coordinate(1000 * start))\" y=\"0\" width=\"\(MarkupText.coordinate(1000 * part.length))\" height=\"10\"/>"
        }
        return
            "<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">\(rectangles)</svg>"
    }

    /// The names of the colours.
    static func legend(_ entries: [(name: String, color: Int)]) -> Markup {
        "<ul class=\"legend\">\(entries.map { "<li><i class=\"key box s\($0.color)\"></i>\($0.name)</li>" as Markup })</ul>"
    }
}
