import Foundation
import Testing

@testable import Launching

@Suite("A job that is restarted")
struct LauncherRestartTests {
    @Test("starts all ranks again as another generation, until it ends well", arguments: [1, 3])
    func restarted(_ failures: Int) async throws {
        let run = try LaunchRun(["--nproc", "2", "--max-restarts", "5", "flaky", "0", "\(failures)"])
        #expect(try await run.end() == .exited(0))
        // Ranks print the generation that they find in their environment.
        let lines = try run.output().split(separator: "\n").filter { $0.hasPrefix("generation") }.map(String.init)
        #expect(lines == (0...failures).map { "generation \($0)" })
        let notes = try run.diagnostics().filter { $0.hasPrefix("restarting") }
        #expect(notes == (1...failures).map { "restarting all ranks: restart \($0) of 5" })
        #expect(try run.processes() == [])
    }

    @Test("gives up when its restarts are used, with the last failure's code and report")
    func usedUp() async throws {
        let run = try LaunchRun(["--nproc", "2", "--max-restarts", "1", "flaky", "1", "9"])
        #expect(try await run.end() == .exited(11))
        #expect(try run.diagnostics().last == "not restarted any more: all 1 restarts are used")
        #expect(try run.diagnostics().filter { $0.contains(" failed first at ") }.count == 2)
    }

    @Test("gives up early when it fails in the same way again and again")
    func crashLoop() async throws {
        let run = try LaunchRun(["--nproc", "2", "--max-restarts", "50", "fail", "1", "3"])
        #expect(try await run.end() == .exited(3))
        #expect(
            try run.diagnostics().last?.hasPrefix("not restarted any more, though 2 of 50 restarts are used: ") == true)
    }

    @Test("is not started again after a signal")
    func interrupted() async throws {
        let run = try LaunchRun(["--nproc", "2", "--max-restarts", "5", "wait"])
        try await run.ready(2)
        run.send(SIGTERM)
        #expect(try await run.end() == .exited(143))
        #expect(try run.diagnostics() == ["stopped by SIGTERM (15)"])
    }

    @Test("starts on all machines again, also when the failure was on another")
    func machines() async throws {
        let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { _ in }
        let port = server.port
        server.close()
        let runs = try (0..<2).map { node in
            try LaunchRun([
                "--nnodes", "2", "--node-rank", "\(node)", "--rendezvous", "tcp://127.0.0.1:\(port)", "--nproc", "2",
                "--max-restarts", "3", "flaky", "3", "2",
            ])
        }
        for run in runs { #expect(try await run.end() == .exited(0)) }
        #expect(try runs[0].output().split(separator: "\n").contains("generation 2"))
        #expect(try runs[1].diagnostics().contains("restarting all ranks: restart 2 of 3"))
    }
}
