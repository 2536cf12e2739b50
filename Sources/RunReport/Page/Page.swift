/// A self-contained HTML file, which is well-formed XML too and may not load anything from anywhere.
struct Page {
    /// A part of a page that its contents name.
    struct Part {
        /// Made of letters and hyphens.
        let id: String
        let title: String
        var lead: String?
        let content: Markup
    }

    let title: String
    /// What stands above the contents.
    let head: Markup
    let parts: [Part]
    let footer: String

    /// What the browser may use: nothing but what is in the file.
    static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        + "form-action 'none'"

    /// The file.
    var html: String {
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="\(Self.policy)"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="generator" content="Lockstep"/>
            <title>\(title)</title>
            <link rel="icon" href="data:,"/>
            <style>\(Markup(stringLiteral: Stylesheet.source))</style>
            </head>
            <body>
            <header>
            \(head)
            \(contents)
            </header>
            <main>
            \(parts.map { Self.section($0) })
            </main>
            <footer><p>\(footer)</p></footer>
            <script>
            \(Markup(stringLiteral: CrosshairScript.source))
            </script>
            </body>
            </html>

            """
        return page.source
    }

    private var contents: Markup {
        guard parts.count > 1 else { return .empty }
        return """
            <nav aria-label="Contents"><ul>\(parts.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" as Markup })</ul></nav>
            """
    }

    private static func section(_ part: Part) -> Markup {
        let lead: Markup = part.lead.map { "<p class=\"lead\">\($0)</p>" } ?? .empty
        return """
            <section id="\(part.id)" aria-labelledby="\(part.id)-heading">
            <h2 id="\(part.id)-heading">\(part.title)</h2>
            \(lead)
            \(part.content)
            </section>

            """
    }
}
