import Foundation

/// A program that runs on one of ``TestHosts``; it ends with its host at the latest.
final class HostProcess: @unchecked Sendable {
    private let process = Process()
    private let files: String

    init(_ arguments: [String], environment: [String: String?], files: String) throws {
        self.files = files
        var values = ProcessInfo.processInfo.environment
        values["SWIFT_BACKTRACE"] = "enable=no"
        for (name, value) in environment { values[name] = value }
        process.executableURL = URL(fileURLWithPath: HostCommand.ipPath)
        process.arguments = arguments
        process.environment = values
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(files + ".out")
        process.standardError = try Self.file(files + ".err")
        try process.run()
    }

    /// The number of the program's process.
    var pid: pid_t { process.processIdentifier }

    /// What it has written to standard output so far.
    var output: String { Self.text(files + ".out") }

    /// What it has written to standard error so far.
    var diagnostics: String { Self.text(files + ".err") }

    /// Waits for its end, and kills it where that does not come in time.
    ///
    /// - Returns: its exit status, or 256 and the number of the signal that ended it.
    func wait(_ limit: Duration) -> Int {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
        end()
        return Int(process.terminationStatus) + (process.terminationReason == .uncaughtSignal ? 256 : 0)
    }

    /// Waits until it has written something.
    ///
    /// - Returns: whether it came in time.
    func waits(for text: String, _ limit: Duration) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while ContinuousClock.now < deadline {
            if output.contains(text) || diagnostics.contains(text) { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }

    /// Sends it a signal.
    func send(_ signal: Int32) {
        if process.isRunning { kill(pid, signal) }
    }

    /// Kills it, unless it has ended.
    func end() {
        send(SIGKILL)
        process.waitUntilExit()
    }

    private static func file(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    private static func text(_ path: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data(), as: UTF8.self)
    }
}
