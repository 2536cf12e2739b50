import Glibc

/// What a file descriptor leads to, and what may be drawn there.
struct Terminal: Sendable {
    let descriptor: Int32

    /// Whether lines can be rewritten in place.
    let canRewrite: Bool

    /// How a bar may look.
    let style: ProgressBar.Style

    private let columnsVariable: Int?

    /// Looks at the descriptor and at `TERM`, `NO_COLOR`, `COLUMNS` and the locale's variables.
    init(_ descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        canRewrite = isatty(descriptor) == 1 && environment["TERM"] != "dumb"
        columnsVariable = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.lowercased()
        style =
            canRewrite
            ? ProgressBar.Style(
                usesUnicode: encoding.contains("utf-8") || encoding.contains("utf8"),
                usesColor: (environment["NO_COLOR"] ?? "").isEmpty)
            : .plain
    }

    /// The columns of the window now; those of `COLUMNS`, or 80, where the system does not know.
    var columns: Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return columnsVariable ?? 80
    }
}
