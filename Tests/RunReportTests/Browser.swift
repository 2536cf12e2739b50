import Foundation
import Testing

/// Chromium without a window, which opens pages and says what it saw.
enum Browser {
    private static let path = ["/usr/bin/chromium", "/usr/local/bin/chromium"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether its tests run: where it is, and where continuous integration has found it, which then must be so here.
    static var isExpected: Bool {
        let found = ProcessInfo.processInfo.environment["CI_PEERS"] ?? ""
        return path != nil || found.split(separator: " ").contains("chromium")
    }

    /// What tests say that are skipped.
    static let absence: Comment = "chromium is not installed: Debian's chromium"

    /// What came of opening a page.
    struct Visit {
        /// Numbers that the script gave to `answer`.
        let answer: [Double]
        /// What was written to the console: errors, as pages write nothing themselves.
        let console: [String]
    }

    /// Opens a page in a window of a width, and runs a script in it, which has to call `answer` with a list of numbers.
    static func visit(_ html: String, width: Int = 1280, script: String) throws -> Visit {
        let program = try #require(path, absence)
        let folder = try RunFolderOnDisk()
        let probe = """
            <script>
            const answer = numbers => {
              const place = document.createElement('pre')
              place.textContent = '[[answer ' + numbers.map(Number).join(' ') + ' answer]]'
              document.body.append(place)
            };
            \(script)
            </script></body>
            """
        try folder.write(html.replacing("</body>", with: probe), to: "page.html")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "timeout", "120", program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(folder.path)/profile",
            "--window-size=\(width),1000", "--virtual-time-budget=3000", "--enable-logging=stderr", "--v=0",
            "--dump-dom",
            "file://\(folder.path)/page.html",
        ]
        var environment = ProcessInfo.processInfo.environment
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] { environment[name] = folder.path }
        process.environment = environment
        for name in ["dom", "log"] { try folder.write("", to: name) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: "\(folder.path)/dom")
        process.standardError = FileHandle(forWritingAtPath: "\(folder.path)/log")
        try process.run()
        process.waitUntilExit()
        let log = try folder.text("log")
        try #require(process.terminationStatus == 0, "\(log.suffix(2000))")
        let dom = try folder.text("dom")
        let parts = dom.components(separatedBy: "[[answer ")
        let last = try #require(
            parts.count > 1 ? parts.last?.components(separatedBy: " answer]]").first : nil, "no answer")
        return Visit(
            answer: last.split(separator: " ").compactMap { Double($0) },
            console: log.split(separator: "\n").filter { $0.contains(":CONSOLE") }.map(String.init))
    }
}
