import Foundation
import Testing

@testable import Launching

/// Programs that ranks have started, and that went as far away as a process can go.
@Suite("A program that a rank has started in a session of its own", .serialized)
struct OrphanTests {
    @Test("ends with the job when the launcher gets a signal", arguments: ["session", "daemon"], LauncherBlow.allCases)
    func signalled(_ kind: String, _ blow: LauncherBlow) async throws {
        try await SignalMatrixCell(blow, "\(kind) of a rank", ["grandchild", kind]).end()
    }

    @Test("ends with the job when a rank ends", arguments: ["exit 3", "kill -9 $$", "exit 0"])
    func rankEnded(_ end: String) async throws {
        let script = """
            setsid sh -c "trap '' TERM; echo here; exec sleep 1000" &
            until test -e $LAUNCH_FOLDER/go; do sleep 0.01; done
            test $RANK = 1 || { setsid sleep 1000 & exit 0; }
            \(end)
            """
        let run = try LaunchRun(["--nproc", "2", "--grace", "300", "--foreign", "ok", "--", "-c", script])
        try await waitUntil("two programs far away") {
            try run.output().split(separator: "\n").filter { $0.hasSuffix("here") }.count == 2
        }
        try Data().write(to: URL(fileURLWithPath: run.folder + "/go"))
        _ = try await run.end()
        try await run.nobodyLeft()
    }

    @Test("ends with a foreign rank when the launcher is killed, and so does the launcher's guard")
    func foreign() async throws {
        let script = "setsid sleep 1000 & echo ready; exec sleep 1000"
        let run = try LaunchRun(["--nproc", "2", "--foreign", "ok", "--", "-c", script])
        try await run.ready(2)
        let ranks = try run.processes().filter { $0 != run.pid }
        let environment = try ranks.map { try Data(contentsOf: URL(fileURLWithPath: "/proc/\($0)/environ")) }
        let mark = try #require(
            environment.first?.split(separator: 0).first { $0.starts(with: Data("LOCKSTEP_MARK=".utf8)) })
        #expect(try guards(of: mark).count == 1)
        run.send(SIGKILL)
        #expect(try await run.end() == .signalled(SIGKILL))
        try await run.nobodyLeft()
        try await waitUntil("the guard's end") { try guards(of: mark).isEmpty }
    }

    /// The processes that have a mark among their arguments.
    private func guards(of mark: Data) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            let arguments = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
            return arguments.split(separator: 0).last == mark
        }
    }

    @Test("of another job is left alone")
    func otherJob() async throws {
        let other = try LaunchRun(["--nproc", "1", "grandchild", "session"])
        try await other.ready(1)
        // A process that only starts others is gone soon.
        var before: Set<pid_t> = []
        var unchanged = 0
        try await waitUntil("processes that stay") {
            let now = Set(try other.processes())
            unchanged = now == before ? unchanged + 1 : 0
            before = now
            return unchanged == 20
        }
        let run = try LaunchRun(["--nproc", "1", "grandchild", "session"])
        try await run.ready(1)
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(143))
        try await run.nobodyLeft()
        #expect(Set(try other.processes()) == before)
    }
}
