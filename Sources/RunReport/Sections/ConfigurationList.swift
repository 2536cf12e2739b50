import RunFiles

/// The settings that a run had.
struct ConfigurationList {
    let run: RunRecord

    /// The part of a page that shows them; nil where there are none.
    var part: Page.Part? {
        let fields = run.configuration
        guard !fields.isEmpty else { return nil }
        let rows = fields.compactMap { field in
            field.value.words.map { "<div><dt>\(field.name)</dt><dd>\($0.isEmpty ? "“”" : $0)</dd></div>" as Markup }
        }
        let unset = fields.filter { $0.value.words == nil }.map(\.name)
        let rest: Markup =
            unset.isEmpty ? .empty : "<p class=\"unset\">Not set: \(unset.joined(separator: ", ")).</p>"
        return Page.Part(
            id: "configuration", title: "Configuration",
            content: "<div class=\"card\"><dl class=\"settings\">\(rows)</dl>\(rest)</div>")
    }
}
