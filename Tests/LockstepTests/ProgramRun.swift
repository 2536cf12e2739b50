import Foundation
import Lockstep
import LockstepTesting
import Testing

/// A finished run of one of the package's programs, in a folder of its own.
struct ProgramRun {
    let output: String
    let diagnostics: String
    let status: Int32
    /// What the run wrote.
    let folder: String
    private let home: TemporaryFolder

    /// Runs a program that was built beside the tests, and waits for its end.
    ///
    /// - Parameters:
    ///   - arguments: the options, to which a run folder is added.
    ///   - environment: changes of this process's environment; nil takes a variable away.
    ///   - directory: where the program runs; where the tests run if nil.
    ///   - launcher: a program and its options that start the program instead; its path is looked up.
    init(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil,
        launcher: [String] = []
    ) throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        let command = launcher + [RunningProgram.binaries + "/" + program] + arguments + ["--run-directory", folder]
        self = try RunningProgram(command, environment: environment, directory: directory, home: home).finished()
    }

    /// Runs a program in a folder, with no options of its own.
    static func inFolder(_ directory: String, _ program: String, _ arguments: [String]) throws -> ProgramRun {
        try RunningProgram(
            [RunningProgram.binaries + "/" + program] + arguments, directory: directory, home: TemporaryFolder()
        ).finished()
    }

    fileprivate init(output: String, diagnostics: String, status: Int32, home: TemporaryFolder) {
        self.output = output
        self.diagnostics = diagnostics
        self.status = status
        self.home = home
        folder = home.path("run")
    }

    /// A file that the run wrote.
    func path(of name: String) -> String { folder + "/" + name }

    /// The lines of `metrics.jsonl`.
    func metrics() throws -> [MetricsLine] {
        try String(contentsOfFile: path(of: "metrics.jsonl"), encoding: .utf8)
            .split(separator: "\n")
            .map { try JSONDecoder().decode(MetricsLine.self, from: Data($0.utf8)) }
    }

    /// The values of `config.json`.
    func configuration() throws -> NSDictionary {
        let data = try Data(contentsOf: URL(fileURLWithPath: path(of: "config.json")))
        return try JSONSerialization.jsonObject(with: data) as? NSDictionary ?? [:]
    }
}

/// A program that has been started and runs beside others.
struct RunningProgram {
    private let process: Process
    private let files: [FileHandle]
    private let home: TemporaryFolder

    /// Starts a program that was built beside the tests, as ``ProgramRun`` does, but with no options of its own.
    init(_ program: String, _ arguments: [String], environment: [String: String?] = [:]) throws {
        try self.init([Self.binaries + "/" + program] + arguments, environment: environment, home: TemporaryFolder())
    }

    fileprivate init(
        _ command: [String], environment: [String: String?] = [:], directory: String? = nil, home: TemporaryFolder
    ) throws {
        self.home = home
        process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment.compactMapValues { $0 }) { $1 }
            .filter { environment[$0.key] != .some(nil) }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        files = try ["stdout", "stderr"].map { name in
            try Data().write(to: URL(fileURLWithPath: home.path(name)))
            return try FileHandle(forWritingTo: URL(fileURLWithPath: home.path(name)))
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
    }

    /// Whether it has not ended yet.
    var isRunning: Bool { process.isRunning }

    /// Asks it to end, with SIGTERM.
    func terminate() { process.terminate() }

    /// Waits for its end.
    func finished() throws -> ProgramRun {
        process.waitUntilExit()
        for file in files { try file.close() }
        return ProgramRun(
            output: try String(contentsOfFile: home.path("stdout"), encoding: .utf8),
            diagnostics: try String(contentsOfFile: home.path("stderr"), encoding: .utf8),
            status: process.terminationStatus, home: home)
    }

    /// The folder of the built programs: the one that this test program is in.
    static let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path
}

/// A TCP port of the loopback interface that nothing uses at the moment.
func freePort() throws -> Int {
    let store = try Store.tcp(host: "127.0.0.1", port: 0, isServer: true)
    return try #require(store.port)
}

/// One line of `metrics.jsonl`.
struct MetricsLine: Decodable {
    let step: Int
    let epoch: Int
    let loss: Double?
    let accuracy: Double?
    let evaluationLoss: Double?
    let seconds: Double

    enum CodingKeys: String, CodingKey {
        case step, epoch, loss, accuracy, seconds
        case evaluationLoss = "evaluation_loss"
    }
}
