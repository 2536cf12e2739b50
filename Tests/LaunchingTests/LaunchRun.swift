import Foundation
import Testing

@testable import Launching

/// A process of `launch-probe` as a launcher, in a session of its own, with files for what it writes.
final class LaunchRun {
    let pid: pid_t
    /// A folder for the ranks, empty at first, which they know as `LAUNCH_FOLDER`.
    let folder: String
    private let home: String
    private let mark: String
    private var status: ProcessEnding?

    /// Starts a launcher.
    ///
    /// - Parameters:
    ///   - arguments: the probe's.
    ///   - output: a descriptor for standard output instead of a file.
    ///   - inherited: descriptors that the launcher inherits.
    convenience init(
        _ arguments: [String], output: Descriptor? = nil, inherited: [(Descriptor, Int32)] = []
    ) throws {
        try self.init(output: output, inherited: inherited) { _ in arguments }
    }

    /// Starts a launcher with the arguments that `arguments` makes of the folder for the ranks.
    init(
        output: Descriptor? = nil, inherited: [(Descriptor, Int32)] = [],
        _ arguments: (_ folder: String) throws -> [String]
    ) throws {
        let identity = UUID().uuidString
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-test-\(identity)").path
        self.home = home
        folder = home + "/ranks"
        mark = "LAUNCH_RUN=\(identity)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let probe = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("launch-probe").path
        var environment = ProcessInfo.processInfo.environment
        environment["LAUNCH_RUN"] = identity
        environment["LAUNCH_FOLDER"] = folder
        environment["TERM"] = "xterm"
        environment["SWIFT_BACKTRACE"] = "enable=no"
        let files = try ["stdout", "stderr"].map { name in
            try Descriptor(taking: open("\(home)/\(name)", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600))
        }
        let values = try arguments(folder)
        pid = try ProcessSpawn(
            executable: probe, arguments: ["launch-probe"] + values, environment: environment,
            descriptors: [(output ?? files[0], STDOUT_FILENO), (files[1], STDERR_FILENO)] + inherited
        ).start()
    }

    deinit {
        for process in (try? processes()) ?? [] { kill(process, SIGKILL) }
        if status == nil {
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        try? FileManager.default.removeItem(atPath: home)
    }

    /// What it wrote so far.
    func output() throws -> String { try String(contentsOfFile: home + "/stdout", encoding: .utf8) }

    /// The lines that it wrote to standard error so far.
    func diagnostics() throws -> [String] {
        // Not all that ranks write is UTF-8.
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: home + "/stderr")), as: UTF8.self).split(
            separator: "\n"
        ).map(String.init)
    }

    func send(_ signal: Int32) { kill(pid, signal) }

    /// Waits until all ranks have said that they are ready.
    func ready(_ ranks: Int) async throws {
        try await waitUntil("\(ranks) ranks that are ready") {
            try output().split(separator: "\n").filter { $0.hasSuffix("ready") }.count == ranks
        }
    }

    /// Waits for the end of the launcher.
    func end() async throws -> ProcessEnding {
        if let status { return status }
        var number: Int32 = 0
        try await waitUntil("the end of the launcher") { waitpid(pid, &number, WNOHANG) == pid }
        let status = ProcessEnding(waitStatus: number)
        self.status = status
        return status
    }

    /// The processes that descend from the launcher, itself included, wherever they have gone.
    func processes() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
            // Processes end while they are looked at.
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            return environment.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
        }
    }

    /// Waits until no process is left.
    func nobodyLeft() async throws {
        try await waitUntil("the end of all processes") { try processes().isEmpty }
    }
}

struct Waited: Error, CustomStringConvertible {
    let description: String
}

/// Waits for a condition, and throws when it takes a minute.
func waitUntil(_ what: String, _ condition: () throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(60)
    while try !condition() {
        guard ContinuousClock.now < limit else { throw Waited(description: "waited in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
