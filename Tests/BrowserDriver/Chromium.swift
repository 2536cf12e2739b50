import Foundation

/// A real browser without a window, steered by the DevTools protocol through a pipe.
///
/// One thread at a time may use it.
package final class Chromium: @unchecked Sendable {
    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()
    private let profile: String
    private var unread = Data()
    private var last = 0
    private var session: String?
    /// Where the page came from; it may load what begins so, and nothing else.
    private var origin = "about:blank"
    /// What the page has complained of, and what it asked others for.
    package private(set) var complaints: [String] = []

    /// Why the browser did not do what it was told.
    package struct Failure: Error { let what: String }

    /// Where it is, where it is.
    private static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether its tests run: where it is, and where continuous integration has found it, which then must be so here.
    package static var isExpected: Bool {
        let found = ProcessInfo.processInfo.environment["CI_PEERS"] ?? ""
        return path != nil || found.split(separator: " ").contains("chromium")
    }

    /// What tests say that are skipped.
    package static let absence = "there is no Chromium here: Debian's chromium"

    /// Starts the browser, with an empty page.
    package init() throws {
        guard let path = Self.path else { throw Failure(what: Self.absence) }
        profile = FileManager.default.temporaryDirectory.path + "/board-browser-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: profile, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", #"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, path,
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
            "--user-data-dir=\(profile)", "about:blank",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["HOME": profile]) { $1 }
        // A browser that breaks down is an error of its test, not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        process.standardInput = requests
        process.standardOutput = answers
        try process.run()
        let target = try call("Target.createTarget", ["url": "about:blank"])["targetId"]
        session =
            try call("Target.attachToTarget", ["targetId": target ?? "", "flatten": true])["sessionId"] as? String
        for domain in ["Page", "Runtime", "Log", "Network"] { try call("\(domain).enable") }
    }

    /// Ends the browser; its profile goes.
    package func close() {
        session = nil
        _ = try? call("Browser.close")
        let deadline = Date() + 10
        while process.isRunning, Date() < deadline { usleep(20_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: profile)
    }

    // MARK: What a test does with it

    /// Opens a page, of which nothing may come from elsewhere.
    package func open(_ address: String) throws {
        let url = URLComponents(string: address)
        origin = url?.port.map { "http://127.0.0.1:\($0)/" } ?? address
        try call("Page.navigate", ["url": address])
    }

    /// The value of an expression in the page.
    @discardableResult
    package func value(_ expression: String) throws -> Any? {
        let answer = try call(
            "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
        if let exception = answer["exceptionDetails"] { throw Failure(what: "\(expression): \(exception)") }
        return (answer["result"] as? [String: Any])?["value"]
    }

    /// Waits until an expression is true in the page.
    package func wait(for expression: String, seconds: Double = 45) throws {
        let deadline = Date() + seconds
        while Date() < deadline {
            // While the page is being loaded there may be nothing to ask.
            if (try? value("Boolean(\(expression))")) as? Bool == true { return }
            usleep(100_000)
        }
        let text = try value("document.body.innerText.slice(0, 1500)") ?? ""
        throw Failure(what: "after \(seconds) s it does not hold: \(expression)\n\(complaints)\n\(text)")
    }

    /// Sets the size of the window, and whether it is dark.
    package func screen(width: Int, height: Int, isDark: Bool = false) throws {
        try call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600])
        let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
        try call("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    /// Presses a key and lets it go.
    package func press(_ key: String, code: Int) throws {
        var event: [String: Any] = [
            "type": "keyDown", "key": key, "code": key == " " ? "Space" : key, "windowsVirtualKeyCode": code,
        ]
        if key.count == 1 { event["text"] = key }
        try call("Input.dispatchKeyEvent", event)
        event["type"] = "keyUp"
        event["text"] = nil
        try call("Input.dispatchKeyEvent", event)
    }

    /// A picture of the page, as PNG; kept in the folder that `LOCKSTEP_SCREENSHOTS` names, where it names one.
    @discardableResult
    package func picture(_ name: String) throws -> Data {
        let text = try call("Page.captureScreenshot", ["format": "png"])["data"] as? String
        guard let data = text.flatMap({ Data(base64Encoded: $0) }) else { throw Failure(what: "no picture") }
        if let folder = ProcessInfo.processInfo.environment["LOCKSTEP_SCREENSHOTS"] {
            try data.write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
        }
        return data
    }

    // MARK: The protocol: JSON, each message with a zero byte behind it

    @discardableResult
    private func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        last += 1
        var message: [String: Any] = ["id": last, "method": method, "params": parameters]
        if let session { message["sessionId"] = session }
        try requests.fileHandleForWriting.write(contentsOf: try JSONSerialization.data(withJSONObject: message) + [0])
        while true {
            let answer = try next()
            note(answer)
            guard answer["id"] as? Int == last else { continue }
            if let error = answer["error"] { throw Failure(what: "\(method): \(error)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    private func next() throws -> [String: Any] {
        while true {
            if let end = unread.firstIndex(of: 0) {
                let message = unread[unread.startIndex..<end]
                unread = Data(unread[(end + 1)...])
                return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
            }
            let more = answers.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure(what: "the browser has gone") }
            unread.append(more)
        }
    }

    private func note(_ event: [String: Any]) {
        let parameters = event["params"] as? [String: Any] ?? [:]
        switch event["method"] as? String {
        case "Runtime.exceptionThrown": complaints.append("\(parameters["exceptionDetails"] ?? "")")
        case "Log.entryAdded":
            let entry = parameters["entry"] as? [String: Any] ?? [:]
            if entry["level"] as? String == "error" { complaints.append("\(entry)") }
        case "Runtime.consoleAPICalled"
        where ["error", "warning", "assert"].contains(parameters["type"] as? String ?? ""):
            complaints.append("\(parameters["args"] ?? "")")
        case "Network.requestWillBeSent":
            let address = (parameters["request"] as? [String: Any])?["url"] as? String ?? ""
            if !address.hasPrefix(origin), !address.hasPrefix("data:"), address != "about:blank" {
                complaints.append("asked for \(address)")
            }
        default: break
        }
    }
}
