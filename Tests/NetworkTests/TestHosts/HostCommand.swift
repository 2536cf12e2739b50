import Foundation

/// A command that sets the hosts up has failed.
struct HostCommandError: Error, CustomStringConvertible {
    let description: String
}

/// The commands behind ``TestHosts``.
enum HostCommand {
    /// Where `ip` is; not all search paths have it.
    static let ipPath = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first(where: exists) ?? "/usr/sbin/ip"

    /// The folder of the built programs: the one that this test program is in.
    static let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .path

    static func exists(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// Runs lines of `ip`, in a network namespace if one is given.
    static func ip(_ lines: [String], in namespace: String? = nil) throws {
        try run(
            ["ip"] + (namespace.map { ["-n", $0] } ?? []) + ["-batch", "-"],
            input: lines.joined(separator: "\n") + "\n")
    }

    /// Runs a command until its end, and returns what it wrote to standard output.
    @discardableResult
    static func run(_ command: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0] == "ip" ? ipPath : command[0])
        process.arguments = Array(command.dropFirst())
        let (entry, output, diagnostics) = (Pipe(), Pipe(), Pipe())
        process.standardInput = entry
        process.standardOutput = output
        process.standardError = diagnostics
        do { try process.run() } catch { throw HostCommandError(description: "\(command[0]): \(error)") }
        try entry.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try entry.fileHandleForWriting.close()
        // Neither is more than a pipe holds.
        let words = try diagnostics.fileHandleForReading.readToEnd() ?? Data()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw HostCommandError(
                description: "\(command.joined(separator: " ")): \(String(decoding: words, as: UTF8.self))\(input)")
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Ends the processes of a namespace, and the namespace; it need not exist.
    static func removeNamespace(_ name: String) {
        guard FileManager.default.fileExists(atPath: "/run/netns/\(name)") else { return }
        for _ in 0..<100 {
            let processes = (try? run(["ip", "netns", "pids", name]))?.split(separator: "\n") ?? []
            if processes.isEmpty { break }
            for process in processes { if let pid = pid_t(process) { kill(pid, SIGKILL) } }
            Thread.sleep(forTimeInterval: 0.01)
        }
        _ = try? run(["ip", "netns", "delete", name])
        try? FileManager.default.removeItem(atPath: "/etc/netns/\(name)")
    }
}
