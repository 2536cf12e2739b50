import Foundation

/// A program of the system and what it answered.
enum ToolRun: Sendable, Hashable {
    /// It is not in `PATH`.
    case missing
    /// It did not end in time, and was killed.
    case silent
    /// It could not be started, or failed, with this as its first words.
    case failed(String)
    /// It succeeded, and wrote this.
    case output(String)

    /// Runs a program with arguments, for at most a while.
    static func of(
        _ name: String, _ arguments: [String], environment: [String: String], limit: Duration
    ) async -> ToolRun {
        let folders = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        let candidates = folders.map { String($0) + "/" + name }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            return .missing
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        do {
            try process.run()
        } catch {
            return .failed("\(path) cannot be started: \(error)")
        }
        let pid = process.processIdentifier
        let reading = pipe.fileHandleForReading
        guard let data = await result(within: limit, of: { (try? reading.readToEnd()) ?? Data() }) else {
            kill(pid, SIGKILL)
            return .silent
        }
        let text = String(decoding: data, as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            let words = text.split(separator: "\n").first.map(String.init) ?? "status \(process.terminationStatus)"
            return .failed(words)
        }
        return .output(text)
    }
}
