/// A table that can be scrolled sideways where there is too little room.
struct Table {
    /// A cell.
    struct Cell {
        let content: Markup
        var isNumber = false
        var isBest = false
        var isBar = false

        /// A text.
        static func text(_ text: String?) -> Cell { Cell(content: "\(text ?? "–")") }
        /// A number, on the right.
        static func number(_ text: String?, isBest: Bool = false) -> Cell {
            Cell(content: "\(text ?? "–")", isNumber: true, isBest: isBest)
        }
    }

    let caption: String
    /// The columns' names, and whether they have numbers; the first is that of the rows.
    let columns: [(name: String, isNumber: Bool)]
    /// Each with a heading of its own.
    let rows: [(heading: Markup, cells: [Cell])]

    /// The table, in a region that can be scrolled by keyboard.
    var markup: Markup {
        let head = columns.map {
            "<th scope=\"col\"\($0.isNumber ? " class=\"n\"" as Markup : .empty)>\($0.name)</th>" as Markup
        }
        let body = rows.map { row in
            "<tr><th scope=\"row\">\(row.heading)</th>\(row.cells.map(Self.cell))</tr>\n" as Markup
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(caption)">
            <table><caption>\(caption)</caption>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)</tbody></table>
            </div>

            """
    }

    private static func cell(_ cell: Cell) -> Markup {
        let names = [cell.isNumber ? "n" : nil, cell.isBar ? "bar" : nil, cell.isBest ? "best" : nil].compactMap { $0 }
        guard !names.isEmpty else { return "<td>\(cell.content)</td>" }
        return "<td class=\"\(names.joined(separator: " "))\">\(cell.content)</td>"
    }
}
