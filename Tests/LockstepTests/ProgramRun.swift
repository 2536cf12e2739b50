import Foundation
import LockstepTesting

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
    ///   - arguments: the options, to which a run folder and a seed that the tests share are added.
    ///   - environment: changes of this process's environment; nil takes a variable away.
    ///   - directory: where the program runs; where the tests run if nil.
    init(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], directory: String? = nil
    ) throws {
        let home = try TemporaryFolder()
        self.home = home
        folder = home.path("run")
        let standardOutput = home.path("stdout")
        let standardError = home.path("stderr")
        for path in [standardOutput, standardError] {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
            }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binaries + "/" + program)
        process.arguments = arguments + ["--run-directory", folder]
        process.environment = ProcessInfo.processInfo.environment.merging(environment.compactMapValues { $0 }) { $1 }
            .filter { environment[$0.key] != .some(nil) }
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let files = try [standardOutput, standardError].map {
            try FileHandle(forWritingTo: URL(fileURLWithPath: $0))
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        process.waitUntilExit()
        for file in files { try file.close() }
        status = process.terminationStatus
        output = try String(contentsOfFile: standardOutput, encoding: .utf8)
        diagnostics = try String(contentsOfFile: standardError, encoding: .utf8)
    }

    /// The folder of the built programs: the one that this test program is in.
    private static let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path

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
