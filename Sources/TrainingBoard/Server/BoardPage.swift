/// The files that a browser shows the board with; they are in the program.
enum BoardPage {
    /// A file and its type.
    struct File: Sendable {
        let bytes: [UInt8]
        let type: String
    }

    /// The file of a path.
    static func file(_ path: String) -> File? { files[path] }

    private static let files: [String: File] = {
        var files: [String: File] = [:]
        for (name, bytes) in contents { files["/\(name)"] = File(bytes: bytes, type: type(of: name)) }
        files["/"] = files["/index.html"]
        return files
    }()

    private static let contents: [(String, [UInt8])] = [
        ("announcements.js", PackageResources.announcements_js),
        ("canvas.js", PackageResources.canvas_js),
        ("chart.js", PackageResources.chart_js),
        ("charts.css", PackageResources.charts_css),
        ("configuration.js", PackageResources.configuration_js),
        ("confusion.js", PackageResources.confusion_js),
        ("curves.js", PackageResources.curves_js),
        ("detail.js", PackageResources.detail_js),
        ("dom.js", PackageResources.dom_js),
        ("feed.js", PackageResources.feed_js),
        ("format.js", PackageResources.format_js),
        ("head.js", PackageResources.head_js),
        ("icon.svg", PackageResources.icon_svg),
        ("index.html", PackageResources.index_html),
        ("layout.css", PackageResources.layout_css),
        ("logs.js", PackageResources.logs_js),
        ("main.js", PackageResources.main_js),
        ("mistakes.js", PackageResources.mistakes_js),
        ("phases.js", PackageResources.phases_js),
        ("ranks.css", PackageResources.ranks_css),
        ("ranks.js", PackageResources.ranks_js),
        ("results.css", PackageResources.results_css),
        ("results.js", PackageResources.results_js),
        ("runs.css", PackageResources.runs_css),
        ("runs.js", PackageResources.runs_js),
        ("scale.js", PackageResources.scale_js),
        ("state.js", PackageResources.state_js),
        ("summary.js", PackageResources.summary_js),
        ("tabs.js", PackageResources.tabs_js),
        ("theme.css", PackageResources.theme_css),
        ("theme.js", PackageResources.theme_js),
        ("timeline.js", PackageResources.timeline_js),
    ]

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
