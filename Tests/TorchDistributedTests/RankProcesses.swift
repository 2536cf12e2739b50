import Foundation
import LockstepTesting
import TorchDistributed

/// Ranks as processes of the program `ranks-probe`, over a store that this process serves.
struct RankProcesses {
    struct Outcome: Decodable, Sendable {
        var code: String?
        var message: String
        var seconds: Double
        var numbers: [Int]
    }

    /// What each rank printed; nil where it printed nothing.
    let outcomes: [Outcome?]
    /// How each ended: its exit status, or 256 and the number of the signal.
    let statuses: [Int]
    let diagnostics: [String]

    /// Runs a scenario until all ranks have ended; none may take longer than `limit`.
    init(_ scenario: String, worldSize: Int, limit: Duration = .seconds(30)) throws {
        let store = try Store.tcp(host: "127.0.0.1", port: 0, isServer: true)
        let folder = try TemporaryFolder()
        let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let processes = try (0..<worldSize).map { rank in
            let process = Process()
            process.executableURL = binaries.appendingPathComponent("ranks-probe")
            process.arguments = [scenario, "\(rank)", "\(worldSize)", "\(store.port ?? 0)"]
            process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try Self.file(folder.path("\(rank).out"))
            process.standardError = try Self.file(folder.path("\(rank).err"))
            try process.run()
            return process
        }
        let deadline = ContinuousClock.now.advanced(by: limit)
        for process in processes {
            while process.isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        withExtendedLifetime(store) {}
        statuses = processes.map {
            Int($0.terminationStatus) + ($0.terminationReason == .uncaughtSignal ? 256 : 0)
        }
        outcomes = try (0..<worldSize).map { rank in
            let output = try Data(contentsOf: URL(fileURLWithPath: folder.path("\(rank).out")))
            return output.isEmpty ? nil : try JSONDecoder().decode(Outcome.self, from: output)
        }
        diagnostics = try (0..<worldSize).map { try String(contentsOfFile: folder.path("\($0).err"), encoding: .utf8) }
    }

    private static func file(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}
