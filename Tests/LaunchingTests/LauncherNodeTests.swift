import Foundation
import HostNetwork
import Testing

@testable import Launching

/// Launchers of several machines, all on this one.
@Suite("A job of several machines")
struct LauncherNodeTests {
    /// A port that is free now.
    private static func port() throws -> Int {
        let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { _ in }
        defer { server.close() }
        return server.port
    }

    private func start(
        _ node: Int, of count: Int, port: Int, nproc: Int = 2, host: String = "127.0.0.1", options: [String] = [],
        _ behaviour: String...
    ) throws -> LaunchRun {
        try LaunchRun(
            [
                "--nnodes", "\(count)", "--node-rank", "\(node)", "--rendezvous", "tcp://\(host):\(port)", "--nproc",
                "\(nproc)", "--rendezvous-timeout", "500", "--grace", "1000",
            ] + options + behaviour)
    }

    @Test("gives its ranks numbers over all machines, in the order of these", arguments: [2, 3])
    func numbers(_ count: Int) async throws {
        let port = try Self.port()
        // The last machine first: they may come in any order.
        let runs = try (0..<count).reversed().map { try start($0, of: count, port: port, nproc: 1 + $0, "describe") }
        for run in runs { #expect(try await run.end() == .exited(0)) }
        let world = (1...count).reduce(0, +)
        for (node, run) in runs.reversed().enumerated() {
            let lines = try run.output().split(separator: "\n")
            #expect(lines.count == 1 + node)
            let facts = try lines.map {
                try JSONDecoder().decode([String: String].self, from: Data($0.drop { $0 != "{" }.utf8))
            }.sorted { Int($0["RANK"] ?? "") ?? 0 < Int($1["RANK"] ?? "") ?? 0 }
            for (localRank, facts) in facts.enumerated() {
                #expect(facts["RANK"] == "\(node * (node + 1) / 2 + localRank)")
                #expect((facts["LOCAL_RANK"], facts["GROUP_RANK"]) == ("\(localRank)", "\(node)"))
                #expect((facts["WORLD_SIZE"], facts["LOCAL_WORLD_SIZE"]) == ("\(world)", "\(1 + node)"))
                #expect((facts["MASTER_ADDR"], facts["MASTER_PORT"]) == ("127.0.0.1", "\(port)"))
                #expect((facts["GROUP_WORLD_SIZE"], facts["store"]) == ("\(count)", "answers"))
            }
        }
    }

    @Test("names the rank that failed first on all machines, wherever it ran", arguments: [0, 1, 2, 3])
    func failure(_ rank: Int) async throws {
        let port = try Self.port()
        let runs = try (0..<2).map { try start($0, of: 2, port: port, "exit", "\(rank)", "7") }
        for run in runs {
            #expect(try await run.end() == .exited(7))
            let lines = try run.diagnostics().filter { !$0.contains("] complaint") }
            let first = try #require(lines.first { $0.hasPrefix("rank \(rank) (pid ") })
            #expect(first.contains("it exited with code 7, without a message"))
            #expect(lines.contains("  complaint 30"))
            let others = (0..<4).filter { $0 != rank }.map(String.init).joined(separator: ", ")
            #expect(lines.last == "ranks \(others) were stopped because rank \(rank) failed")
            #expect(try run.processes() == [])
        }
    }

    @Test("ends everywhere when one launcher gets a signal", arguments: [0, 1], [SIGINT, SIGTERM])
    func signalled(_ node: Int, _ signal: Int32) async throws {
        let port = try Self.port()
        let runs = try (0..<2).map { try start($0, of: 2, port: port, "wait") }
        for run in runs { try await run.ready(2) }
        runs[node].send(signal)
        for run in runs {
            #expect(try await run.end() == .exited(128 + signal))
            #expect(try run.diagnostics().last?.hasPrefix("stopped by \(signalName(signal)) at node \(node) (") == true)
            #expect(try run.processes() == [])
        }
    }

    @Test("ends everywhere when a launcher is killed, and the others name its machine", arguments: [0, 1])
    func killed(_ node: Int) async throws {
        let port = try Self.port()
        let runs = try (0..<2).map { try start($0, of: 2, port: port, "wait") }
        for run in runs { try await run.ready(2) }
        runs[node].send(SIGKILL)
        #expect(try await runs[1 - node].end() == .exited(1))
        let lines = try runs[1 - node].diagnostics().suffix(2)
        if node == 1 {
            #expect(lines.first?.contains("failed first: its launcher is lost: ") == true, "\(lines)")
            #expect(lines.last == "ranks 0, 1 were stopped because node 1 failed")
        } else {
            #expect(lines.first?.hasPrefix("the launcher of node 0 at 127.0.0.1:\(port) is lost: ") == true, "\(lines)")
            #expect(lines.last == "the ranks of this machine (2 to 3) were stopped")
        }
        try await runs[0].nobodyLeft()
        try await runs[1].nobodyLeft()
    }

    @Test("says where a machine cannot start its ranks")
    func unstartable() async throws {
        let port = try Self.port()
        let first = try start(0, of: 2, port: port, "wait")
        let second = try start(1, of: 2, port: port, options: ["--executable", "/nowhere/program"], "wait")
        for run in [first, second] {
            #expect(try await run.end() == .exited(1))
            let lines = try run.diagnostics()
            #expect(lines.contains { $0.contains("failed first: /nowhere/program cannot be started: ") }, "\(lines)")
        }
    }

    @Test("waits for a missing machine until its time is over, and says which")
    func missing() async throws {
        let port = try Self.port()
        let runs = try [0, 2].map { try start($0, of: 3, port: port, options: ["--rendezvous-timeout", "12"], "ok") }
        for run in runs {
            #expect(try await run.end() == .exited(64))
            let lines = try run.diagnostics()
            #expect(
                lines.contains { $0.hasPrefix("2 of 3 nodes have joined; waiting for node 1 (") }, "\(lines)")
            #expect(
                lines.last?.hasPrefix("rendezvousFailed: 2 of 3 nodes have joined within 12 s; missing: node 1. ")
                    == true)
        }
    }

    @Test("is not there for a machine that finds no node 0")
    func nobody() async throws {
        let run = try start(1, of: 2, port: try Self.port(), options: ["--rendezvous-timeout", "1"], "ok")
        #expect(try await run.end() == .exited(64))
        let line = try #require(try run.diagnostics().last)
        #expect(line.hasPrefix("rendezvousFailed: node 0 did not answer at 127.0.0.1:"), "\(line)")
        #expect(line.contains("refused"), "\(line)")
    }

    @Test("can be stopped while machines wait for each other", arguments: [0, 1], [SIGINT, SIGTERM, SIGHUP])
    func stopped(_ node: Int, _ signal: Int32) async throws {
        let port = try Self.port()
        let run = try start(node, of: 2, port: port, "ok")
        try await waitUntil("the rendezvous") {
            let status = try String(contentsOfFile: "/proc/\(run.pid)/status", encoding: .utf8)
            let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last
            return caught.flatMap { UInt64($0, radix: 16) }.map { $0 & (1 << (UInt64(signal) - 1)) != 0 } ?? false
        }
        run.send(signal)
        #expect(try await run.end() == .exited(128 + signal))
        #expect(try run.diagnostics().last?.hasPrefix("stopped by \(signalName(signal))") == true)
    }

    @Test("refuses a port that is in use at once, and names the process that has it")
    func busyPort() async throws {
        let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { _ in }
        defer { server.close() }
        for options in [["--nnodes", "2", "--node-rank", "0"], []] {
            let run = try LaunchRun(
                options + ["--nproc", "2", "--rendezvous", "tcp://127.0.0.1:\(server.port)", "ok"])
            #expect(try await run.end() == .exited(64))
            let line = try #require(try run.diagnostics().last)
            #expect(line.hasPrefix("portInUse: port \(server.port) is used by pid \(getpid()) ("), "\(line)")
        }
    }

    @Test("refuses an interface that is not there, and lists those that are")
    func interface() async throws {
        let run = try LaunchRun(["--nproc", "2", "--interface", "nowhere0", "ok"])
        #expect(try await run.end() == .exited(64))
        let line = try #require(try run.diagnostics().last)
        #expect(
            line.hasPrefix("addressUnavailable: --interface nowhere0: ") && line.contains("lo (127.0.0.1"), "\(line)")
    }

    @Test("tells two machines with the same number apart")
    func twins() async throws {
        let port = try Self.port()
        let first = try start(0, of: 2, port: port, "wait")
        let second = try start(1, of: 2, port: port, "wait")
        try await second.ready(2)
        let third = try start(1, of: 2, port: port, "wait")
        #expect(try await third.end() == .exited(64))
        #expect(try third.diagnostics().last?.contains("give each machine a number of its own") == true)
        first.send(SIGTERM)
        #expect(try await first.end() == .exited(143))
        #expect(try await second.end() == .exited(143))
    }
}
