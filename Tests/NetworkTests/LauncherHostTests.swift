import Foundation
import LockstepTesting
import Testing

/// Jobs of launchers on several hosts, each of which starts the ranks of its own.
@Suite("Launchers on several hosts", .serialized, .enabled(if: TestHosts.areAvailable, "\(TestHosts.requirement)"))
struct LauncherHostTests {
    private static let port = 23456
    /// A training that goes on until it is stopped.
    private static let endless = ["toy", "--epochs", "1000000"]
    private static let steps = ["toy", "--seed", "123", "--max-steps", "50"]

    /// Starts a launcher on each host.
    private func start(
        _ command: [String], on hosts: TestHosts, rendezvous: [String]? = nil, options: [String] = [],
        absent: Set<Int> = [], folder: TemporaryFolder
    ) throws -> [HostProcess] {
        try (0..<hosts.count).filter { !absent.contains($0) }.map { node in
            let host = rendezvous?[node] ?? hosts[0].urlAddress
            let launch = [
                "--nnodes", "\(hosts.count)", "--node-rank", "\(node)", "--rendezvous", "tcp://\(host):\(Self.port)",
            ]
            let own = ["--run-directory", folder.path("run-\(node)")]
            return try hosts[node].start(command[0], command.dropFirst() + launch + options + own)
        }
    }

    private func metrics(_ folder: TemporaryFolder) throws -> [String] {
        try String(contentsOfFile: folder.path("run-0/metrics.jsonl"), encoding: .utf8).split(separator: "\n").map {
            String($0).replacing(/,"seconds".*/, with: "")
        }
    }

    private func expectTrained(_ processes: [HostProcess], ranks: Int) {
        for process in processes {
            let status = process.wait(.seconds(120))
            #expect(status == 0, "\(process.diagnostics)")
        }
        #expect(processes[0].diagnostics.contains("= \(ranks) ranks × 2"), "\(processes[0].diagnostics)")
    }

    @Test("train as one job, over IPv4, IPv6 and both", arguments: Families.allCases)
    func families(_ families: Families) throws {
        let hosts = try TestHosts(count: 2, families: families.list)
        let folder = try TemporaryFolder()
        expectTrained(try start(Self.steps, on: hosts, options: ["--nproc", "2"], folder: folder), ranks: 4)
    }

    @Test("have the losses of as many ranks on one machine, on three hosts too", arguments: [2, 3])
    func losses(_ count: Int) throws {
        let hosts = try TestHosts(count: count, families: [.v4])
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        expectTrained(try start(Self.steps, on: hosts, folder: folder), ranks: count)
        // Gloo's sums of three numbers have an order of their own, so it has to carry both.
        let alone = try hosts[0].start(
            "toy",
            Self.steps.dropFirst() + [
                "--nproc", "\(count)", "--backend", "gloo", "--run-directory", other.path("run-0"),
            ])
        #expect(alone.wait(.seconds(120)) == 0, "\(alone.diagnostics)")
        #expect(try metrics(folder).count >= 50)
        #expect(try metrics(folder) == metrics(other))
    }

    @Test("of several ranks each share memory there, with the losses of as many ranks on one machine within rounding")
    func sharedLosses() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let processes = try start(Self.steps, on: hosts, options: ["--nproc", "2"], folder: folder)
        expectTrained(processes, ranks: 4)
        #expect(processes[0].diagnostics.contains("= 4 ranks × 2 through shm+gloo;"), "\(processes[0].diagnostics)")
        let alone = try hosts[0].start(
            "toy", Self.steps.dropFirst() + ["--nproc", "4", "--run-directory", other.path("run-0")])
        #expect(alone.wait(.seconds(120)) == 0, "\(alone.diagnostics)")
        #expect(alone.diagnostics.contains("= 4 ranks × 2 through shm;"), "\(alone.diagnostics)")
        let (found, expected) = (try losses(folder), try losses(other))
        #expect(found.count >= 50 && found.count == expected.count)
        for (one, two) in zip(found, expected) { #expect(abs(one - two) <= 1e-5 * max(1, abs(two))) }
    }

    private func losses(_ folder: TemporaryFolder) throws -> [Double] {
        try metrics(folder).compactMap { line in
            line.firstMatch(of: /"loss":(-?[0-9.e+-]+)/).flatMap { Double($0.1) }
        }
    }

    @Test("end within seconds when one of several ranks of a host is killed, and name it", arguments: 0...3)
    func killed(_ rank: Int) throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let folder = try TemporaryFolder()
        let processes = try start(Self.endless, on: hosts, options: ["--nproc", "2"], folder: folder)
        #expect(processes[0].waits(for: "through shm+gloo", .seconds(60)), "\(processes[0].diagnostics)")
        let start = ContinuousClock.now
        let found = try self.pid(ofRank: rank, in: folder)
        let pid = try #require(found)
        kill(pid, SIGKILL)
        for process in processes {
            #expect(process.wait(.seconds(30)) != 0)
            #expect(process.diagnostics.contains("were stopped because rank \(rank) failed"), "\(process.diagnostics)")
        }
        let words = "rank \(rank) (pid \(pid), node\(rank / 2)) was killed by SIGKILL (9)"
        #expect(processes[0].diagnostics.contains(words), "\(processes[0].diagnostics)")
        #expect(start.duration(to: .now) < .seconds(20))
    }

    /// The process of a rank whose launcher has this folder on its command line.
    private func pid(ofRank rank: Int, in folder: TemporaryFolder) throws -> pid_t? {
        let own = folder.path("run-")
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { pid in
            func words(_ name: String) -> [String] {
                let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(name)") ?? Data()
                return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            }
            return words("environ").contains("RANK=\(rank)") && words("cmdline").contains { $0.hasPrefix(own) }
        }
    }

    @Test("meet where node 0 was given 0.0.0.0, or a name that it resolves to itself alone")
    func names() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        for (node0, node1) in [("0.0.0.0", "10.0.0.1"), ("node0", "node0")] {
            if node0 == "node0" {
                try hosts[0].setHosts(hosts[0].loopbackLines + ["127.0.1.1 node0", "10.0.0.2 node1"])
                try hosts[1].setHosts(hosts[1].loopbackLines + ["127.0.1.1 node1", "10.0.0.1 node0"])
            }
            let folder = try TemporaryFolder()
            let processes = try start(Self.steps, on: hosts, rendezvous: [node0, node1], folder: folder)
            expectTrained(processes, ranks: 2)
            let isNoted = processes[0].diagnostics.contains("node0 is 127.0.1.1 on this machine")
            #expect(isNoted == (node0 == "node0"))
        }
    }

    @Test("use another interface for data where one is named")
    func interface() throws {
        let hosts = try TestHosts(count: 2, families: [.v4], networks: 2)
        let folder = try TemporaryFolder()
        let processes = try start(Self.endless, on: hosts, options: ["--interface", "eth1"], folder: folder)
        #expect(processes[0].waits(for: "global batch", .seconds(60)), "\(processes[0].diagnostics)")
        let connections = try hosts[1].run(["ss", "-Htn", "state", "established"])
        #expect(connections.contains("10.0.1.2:"), "\(connections)")
        processes[1].send(SIGTERM)
        for process in processes { #expect(process.wait(.seconds(20)) == 143, "\(process.diagnostics)") }
    }

    @Test("say which host has not come")
    func missing() throws {
        let hosts = try TestHosts(count: 3, families: [.v4])
        let folder = try TemporaryFolder()
        let processes = try start(
            Self.steps, on: hosts, options: ["--rendezvous-timeout", "12"], absent: [1], folder: folder)
        for process in processes {
            #expect(process.wait(.seconds(30)) == 1)
            #expect(process.diagnostics.contains("2 of 3 nodes have joined; waiting for node 1 ("))
            #expect(process.diagnostics.contains("error: 2 of 3 nodes have joined within 12 s; missing: node 1."))
        }
    }

    @Test("say why node 0 cannot be reached", arguments: ["no host", "a blocked port", "nobody there"])
    func unreachable(_ obstacle: String) throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let folder = try TemporaryFolder()
        if obstacle == "a blocked port" {
            guard Firewall.isAvailable else { return }
            try hosts[0].blockPorts(except: [1], .dropping)
        }
        let address = obstacle == "no host" ? "10.0.0.77" : "10.0.0.1"
        let processes = try start(
            Self.steps, on: hosts, rendezvous: ["", address], options: ["--rendezvous-timeout", "4"], absent: [0],
            folder: folder)
        #expect(processes[0].wait(.seconds(30)) == 1)
        let expected =
            obstacle == "nobody there" ? "nothing listens there yet" : obstacle == "no host" ? "10.0.0.77" : "no answer"
        #expect(processes[0].diagnostics.contains("error: node 0 did not answer at \(address):23456 within 4 s"))
        #expect(processes[0].diagnostics.contains(expected), "\(processes[0].diagnostics)")
    }

    @Test("refuse an address that is not node 0's own, at once and without a rank")
    func foreignAddress() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let folder = try TemporaryFolder()
        let processes = try start(
            Self.steps, on: hosts, rendezvous: ["10.0.0.2", ""], absent: [1], folder: folder)
        #expect(processes[0].wait(.seconds(10)) == 2)
        #expect(
            processes[0].diagnostics.hasPrefix(
                "error: --rendezvous names 10.0.0.2, which is no address of this machine; it has 127.0.0.1, 10.0.0.1."),
            "\(processes[0].diagnostics)")
    }

    /// What becomes of a host in mid-training.
    enum Loss: CaseIterable {
        case cutOff, removed
    }

    @Test("end when a host is lost in mid-step, and name it", arguments: Loss.allCases, [0, 1])
    func lost(_ loss: Loss, _ node: Int) throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let folder = try TemporaryFolder()
        let processes = try start(Self.endless, on: hosts, options: ["--nproc", "2"], folder: folder)
        #expect(processes[0].waits(for: "global batch", .seconds(60)), "\(processes[0].diagnostics)")
        let start = ContinuousClock.now
        switch loss {
        case .cutOff: try hosts.cutOff(node)
        case .removed: hosts.remove(node)
        }
        // Ten seconds of silence, and five of grace for ranks that wait for the lost ones.
        let other = processes[1 - node]
        #expect(other.wait(.seconds(40)) == 1)
        #expect(start.duration(to: .now) < .seconds(30))
        let lines = other.diagnostics.split(separator: "\n").map(String.init)
        if node == 1 {
            let silent = "nothing has been heard of it for 10 s"
            let beginning = "node 1 (node1) failed first: its launcher is lost: \(loss == .cutOff ? silent : "")"
            #expect(lines.contains { $0.hasPrefix(beginning) }, "\(other.diagnostics)")
            #expect(lines.contains("ranks 0, 1 were stopped because node 1 failed"))
        } else {
            #expect(lines.contains { $0.hasPrefix("the launcher of node 0 at 10.0.0.1:23456 is lost: ") }, "\(lines)")
            #expect(lines.contains("the ranks of this machine (2 to 3) were stopped"))
        }
        if loss == .cutOff {
            #expect(processes[node].wait(.seconds(40)) == 1, "a host that is cut off ends its own ranks")
        }
    }

    @Test("train again when a host that was cut off comes back")
    func rejoined() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let folder = try TemporaryFolder()
        let processes = try start(Self.endless, on: hosts, options: ["--max-restarts", "1"], folder: folder)
        #expect(processes[0].waits(for: "global batch", .seconds(60)), "\(processes[0].diagnostics)")
        try hosts.cutOff(1)
        #expect(processes[0].waits(for: "restarting all ranks: restart 1 of 1", .seconds(40)))
        #expect(processes[1].waits(for: "joining it again", .seconds(40)))
        try hosts.reconnect(1)
        let deadline = ContinuousClock.now + .seconds(60)
        func starts() -> Int { processes[0].diagnostics.components(separatedBy: "global batch").count - 1 }
        while starts() < 2, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.05) }
        #expect(starts() == 2, "\(processes[0].diagnostics)")
        processes[0].send(SIGINT)
        for process in processes { #expect(process.wait(.seconds(20)) == 130, "\(process.diagnostics)") }
    }

    @Test("are shown by the doctor to reach each other, or not")
    func doctor() throws {
        let hosts = try TestHosts(count: 3, families: [.v4])
        func check(_ options: [String] = []) throws -> [HostProcess] {
            try (0..<3).map { node in
                try hosts[node].start(
                    "lockstep",
                    [
                        "doctor", "--nnodes", "3", "--node-rank", "\(node)", "--rendezvous",
                        "tcp://10.0.0.1:\(Self.port)",
                    ] + options)
            }
        }
        for process in try check() {
            #expect(process.wait(.seconds(30)) == 0, "\(process.diagnostics)")
            #expect(process.output.contains("every node reaches every other"), "\(process.output)")
        }
        guard Firewall.isAvailable else { return }
        try hosts[2].blockPorts(except: [Self.port], .refusing)
        for process in try check(["--port-range", "24000-24009"]) {
            #expect(process.wait(.seconds(40)) == 1)
            for node in 0..<2 {
                let line =
                    "node \(node) (node\(node)) (10.0.0.\(node + 1)) cannot reach node 2 (node2) at 10.0.0.3:24000: "
                #expect(process.output.contains(line), "\(process.output)")
            }
        }
    }

    @Test(
        "start Python's ranks, also where host names mean each host to itself alone",
        .enabled(
            if: PyTorchPython.executable != nil || ProcessInfo.processInfo.environment["CI"] != nil,
            "\(PyTorchPython.absence)"))
    func python() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let python = try #require(PyTorchPython.executable)
        for host in 0..<2 { try hosts[host].setHosts(hosts[host].loopbackLines + ["127.0.1.1 node\(host)"]) }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("MixedJob/ddp_script.py").path
        let processes = try (0..<2).map { node in
            try hosts[node].start(
                "lockstep",
                [
                    "run", "--nnodes", "2", "--node_rank", "\(node)", "--master_addr", "10.0.0.1", "--master_port",
                    "\(Self.port)", "--no-python", python, "-u", script,
                ])
        }
        for process in processes {
            #expect(process.wait(.seconds(60)) == 0, "\(process.diagnostics)")
            #expect(process.output.contains("\"world_size\": 2"), "\(process.output)")
        }
    }
}
