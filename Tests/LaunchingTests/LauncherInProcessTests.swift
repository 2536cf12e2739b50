import Foundation
import Testing

@testable import Launching

/// One at a time, since a process is the launcher of one job only.
@Suite("A launcher in this process", .serialized)
struct LauncherInProcessTests {
    @Test("says what cannot be started", arguments: ["/nowhere/program", "/etc/passwd"])
    func unstartable(_ executable: String) async throws {
        let launcher = Launcher(processCount: 2, executable: executable, arguments: [])
        let error = await #expect(throws: LaunchError.self) { try await launcher.run() }
        #expect(error?.code == .spawnFailed)
        #expect(error?.message.hasPrefix("\(executable) cannot be started: ") == true)
    }

    @Test("needs a rank at least", arguments: [0, -1])
    func noRanks(_ count: Int) async throws {
        let error = await #expect(throws: LaunchError.self) {
            try await Launcher(processCount: count, arguments: []).run()
        }
        #expect(error?.code == .invalidProcessCount)
    }

    @Test("keeps no log open after the job")
    func logs() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var launcher = Launcher(processCount: 2, executable: "/bin/true", arguments: [])
        launcher.logFolder = folder
        #expect(try await launcher.run().exitCode == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
        // The thread that wrote them ends after the job.
        try await waitUntil("no open log") {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").allSatisfy { name in
                let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                return path?.hasPrefix(folder) != true
            }
        }
    }

    @Test("runs one job after the other, and stops when its task is cancelled")
    func cancelled() async throws {
        for _ in 0..<2 {
            let launcher = Launcher(processCount: 2, executable: "/bin/sleep", arguments: ["1000"])
            let task = Task { try await launcher.run() }
            try await waitUntil("two ranks") { ranks.count == 2 }
            let error = await #expect(throws: LaunchError.self) { try await launcher.run() }
            #expect(error?.code == .alreadyRunning)
            task.cancel()
            let outcome = try await task.value
            #expect(outcome.ending == .interrupted(signal: SIGTERM))
            #expect(outcome.exitCode == 143)
            #expect(ranks == [])
        }
    }

    /// The processes that this one has started and not reaped.
    private var ranks: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { name in
            guard let process = pid_t(name), getsid(process) == process,
                let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8)
            else { return false }
            return text.contains("(sleep)") && text.split(separator: " ").dropFirst(3).first == "\(getpid())"
        }
    }
}
