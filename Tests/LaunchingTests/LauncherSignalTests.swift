import Foundation
import Testing

@testable import Launching

@Suite("A signal to a launcher")
struct LauncherSignalTests {
    @Test(
        "ends all ranks, with its number in the exit code",
        arguments: [
            (SIGINT, "SIGINT (2)"), (SIGTERM, "SIGTERM (15)"), (SIGHUP, "SIGHUP (1)"), (SIGQUIT, "SIGQUIT (3)"),
        ])
    func ends(_ signal: Int32, _ name: String) async throws {
        let run = try LaunchRun(["--nproc", "3", "wait"])
        try await run.ready(3)
        run.send(signal)
        #expect(try await run.end() == .exited(128 + signal))
        #expect(try run.diagnostics() == ["stopped by \(name)"])
        #expect(try run.processes() == [])
    }

    @Test("reaches programs that ranks have started, and ranks that are stopped", arguments: ["grandchild", "stopped"])
    func reachesAll(_ behaviour: String) async throws {
        let run = try LaunchRun(["--nproc", "2", "--grace", "3600000", behaviour])
        try await run.ready(2)
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(143))
        try await run.nobodyLeft()
    }

    @Test("is followed by SIGKILL for ranks that ignore it")
    func stubborn() async throws {
        let run = try LaunchRun(["--nproc", "2", "--grace", "100", "stubborn"])
        try await run.ready(2)
        run.send(SIGINT)
        #expect(try await run.end() == .exited(130))
        #expect(try run.processes() == [])
    }

    @Test("kills at once when it comes twice")
    func twice() async throws {
        let run = try LaunchRun(["--nproc", "2", "--grace", "3600000", "stubborn"])
        try await run.ready(2)
        run.send(SIGINT)
        run.send(SIGTERM)
        let status = try await run.end()
        #expect(status == .exited(130) || status == .exited(143))
        #expect(try run.processes() == [])
    }

    @Test("is told to ranks with its reason, and they may end well")
    func obeyed() async throws {
        let run = try LaunchRun(["--nproc", "2", "--grace", "3600000", "obey"])
        try await run.ready(2)
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(143))
        let reason = "asked to stop: the launcher got SIGTERM (15)"
        let lines = try run.output().split(separator: "\n").map(String.init)
        #expect(lines.contains(reason) && lines.contains("[rank 1] \(reason)"))
    }

    @Test(
        "that it cannot catch ends its ranks all the same, whatever they do",
        arguments: ["wait", "stubborn", "grandchild"])
    func lifeline(_ behaviour: String) async throws {
        let run = try LaunchRun(["--nproc", "3", behaviour])
        try await run.ready(3)
        run.send(SIGKILL)
        #expect(try await run.end() == .signalled(SIGKILL))
        try await run.nobodyLeft()
    }

    @Test("that comes after a failure kills at once, and the failure stays the reason")
    func afterFailure() async throws {
        let script = """
            test $RANK = 1 && { until test -e $LAUNCH_FOLDER/go; do sleep 0.01; done; exit 4; }
            trap 'echo asked' TERM
            echo ready
            while :; do sleep 0.01; done
            """
        let run = try LaunchRun(["--nproc", "2", "--grace", "3600000", "--foreign", "ok", "--", "-c", script])
        try await run.ready(1)
        try Data().write(to: URL(fileURLWithPath: run.folder + "/go"))
        try await waitUntil("the wish to stop") { try run.output().contains("asked") }
        run.send(SIGINT)
        #expect(try await run.end() == .exited(4))
        #expect(try run.diagnostics().last == "rank 0 was stopped because rank 1 failed")
        try await run.nobodyLeft()
    }

    @Test("that it was started to ignore stays ignored")
    func ignored() async throws {
        let run = try LaunchRun(["--nproc", "2", "--ignored", "\(SIGHUP)", "wait"])
        try await run.ready(2)
        let status = try String(contentsOfFile: "/proc/\(run.pid)/status", encoding: .utf8)
        let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
        #expect(ignored?.hasSuffix("1") == true, "SIGHUP has the lowest bit")
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(143))
        #expect(try run.diagnostics() == ["stopped by SIGTERM (15)"])
    }
}
