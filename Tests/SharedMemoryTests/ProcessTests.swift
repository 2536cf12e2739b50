import CTorchKernels
import Foundation
import Testing

@Suite(.serialized) struct ProcessTests {
    @Test func `the death of a rank's process is known to all others within a second`() throws {
        let folder = try MeetingFolder()
        defer { folder.remove() }
        let ranks = try RankProcesses(3, in: folder.path, timeout: 30_000)
        defer { ranks.end() }
        try ranks.waitUntilReducing()
        let start = ContinuousClock.now
        kill(ranks.processes[1].processIdentifier, SIGKILL)
        for rank in [0, 2] {
            let words = try ranks.lastLine(of: rank)
            #expect(words.hasPrefix("failed \(CTK_ERROR_PEER_ENDED) 1 "), "\(words)")
            #expect(words.contains("rank 1 (pid \(ranks.processes[1].processIdentifier)) has ended"))
        }
        // A second is promised; the processes' own ends come on top.
        #expect(start.duration(to: .now) < .seconds(3))
    }

    @Test func `a stopped rank is named at the time limit, as stopped`() throws {
        let folder = try MeetingFolder()
        defer { folder.remove() }
        let ranks = try RankProcesses(2, in: folder.path, timeout: 2000)
        defer { ranks.end() }
        try ranks.waitUntilReducing()
        kill(ranks.processes[0].processIdentifier, SIGSTOP)
        let words = try ranks.lastLine(of: 1)
        #expect(words.hasPrefix("failed \(CTK_ERROR_TIMED_OUT) 0 "), "\(words)")
        #expect(words.contains("has not come within 2 s") && words.contains("its process is stopped"))
    }
}

/// Ranks as processes that reduce until something fails.
private final class RankProcesses {
    let processes: [Process]
    private let outputs: [String]

    init(_ worldSize: Int, in folder: String, timeout: Int) throws {
        let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        outputs = (0..<worldSize).map { "\(folder)/\($0).out" }
        processes = try (0..<worldSize).map { rank in
            let process = Process()
            process.executableURL = binaries.appendingPathComponent("shared-memory-probe")
            process.arguments = ["loop", folder, "\(rank)", "\(worldSize)", "\(timeout)"]
            process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            // A file, since a pipe's end would be inherited by the ranks that are started later.
            let output = "\(folder)/\(rank).out"
            try Data().write(to: URL(fileURLWithPath: output))
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
            try process.run()
            return process
        }
    }

    private func text(of rank: Int) -> String {
        (try? String(contentsOfFile: outputs[rank], encoding: .utf8)) ?? ""
    }

    private func wait(until condition: () -> Bool) throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while !condition(), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
        try #require(condition(), "\(outputs.indices.map(text))")
    }

    /// Waits until every rank has said that it reduces.
    func waitUntilReducing() throws {
        try wait { outputs.indices.allSatisfy { text(of: $0) == "reducing\n" } }
    }

    /// What a rank says last, before it ends.
    func lastLine(of rank: Int) throws -> String {
        try wait { !processes[rank].isRunning }
        return text(of: rank).split(separator: "\n").last.map(String.init) ?? ""
    }

    func end() {
        for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for process in processes { process.waitUntilExit() }
    }
}
