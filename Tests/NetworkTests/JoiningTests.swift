import Foundation
import Testing

@Suite(
    "Ranks that do not come together", .serialized,
    .enabled(if: TestHosts.areAvailable, "\(TestHosts.requirement)"))
struct JoiningTests {
    private static func ranks(_ count: Int, _ hosts: TestHosts, _ arguments: [String] = []) -> [NetworkJob.Rank] {
        (0..<count).map {
            NetworkJob.Rank(host: $0, initMethod: "tcp://\(hosts[0].urlAddress):23456", arguments: arguments)
        }
    }

    @Test(
        "a data port behind a firewall is named on all sides",
        .enabled(if: Firewall.isAvailable, "\(Firewall.requirement)"),
        arguments: [(TestHost.Blocking.refusing, Families.v4), (.dropping, .v4), (.refusing, .v6), (.dropping, .v6)])
    func firewall(blocking: TestHost.Blocking, families: Families) throws {
        let hosts = try TestHosts(count: 3, families: families.list)
        try hosts[0].blockPorts(except: [23456], blocking)
        let job = try NetworkJob(Self.ranks(3, hosts), on: hosts)
        let reason = blocking == .refusing ? "connection refused" : "no answer within 5 s"
        job.expectFailed(
            [
                " cannot reach rank 0's data port \(hosts[0].urlAddress):", ": \(reason); the store's port",
                "\(hosts[0].urlAddress):23456 is reachable", "firewall", "--port-range",
            ], within: 15)
        // One of those that were kept out, with its own address.
        let message = job.outcomes[0]?.message ?? ""
        #expect((1...2).contains { message.hasPrefix("rank \($0) (\(hosts[$0].address)) cannot reach") }, "\(message)")
        #expect(Set(job.outcomes.map { $0?.message }).count == 1)
    }

    @Test(
        "a firewall that lets the range of ports in does not matter",
        .enabled(if: Firewall.isAvailable, "\(Firewall.requirement)"), arguments: Families.allCases)
    func openRange(families: Families) throws {
        let hosts = try TestHosts(count: 3, families: families.list)
        for host in 0..<3 { try hosts[host].blockPorts(except: [23456] + Array(29600...29603), .dropping) }
        let job = try NetworkJob(Self.ranks(3, hosts, ["ports=29600-29603", "groups=3"]), on: hosts)
        job.expectTrained()
        for (host, outcome) in job.outcomes.enumerated() {
            #expect(outcome?.endpoints == (29600...29603).map { "\(hosts[host].urlAddress):\($0)" })
        }
    }

    @Test("ranks of one host share a range of ports, and one too many is told so")
    func sharedRange() throws {
        let hosts = try TestHosts(count: 1, families: [.v4])
        let ranks = (0..<4).map { _ in
            NetworkJob.Rank(
                host: 0, initMethod: "tcp://10.0.0.1:23456", arguments: ["ports=29600-29603", "timeout=10"])
        }
        let job = try NetworkJob(ranks, on: hosts)
        job.expectTrained()
        #expect(job.outcomes.compactMap { $0?.endpoints.first }.sorted() == (29600...29603).map { "10.0.0.1:\($0)" })

        let narrow = ranks.map { rank in
            var rank = rank
            rank.arguments[0] = "ports=29600-29602"
            return rank
        }
        let refused = try NetworkJob(narrow, on: hosts)
        #expect(refused.statuses.allSatisfy { $0 != 0 })
        let message = refused.outcomes.compactMap { $0?.message }.first { $0.contains("29600-29602") }
        #expect(message?.contains("No port of 29600-29602 at 10.0.0.1 is free") == true, "\(refused.outcomes)")
    }

    @Test("a rank that does not come is named, while the others wait and when they give up", arguments: [1, 2])
    func missing(absent: Int) throws {
        let hosts = try TestHosts(count: 3, families: [.v4])
        let job = try NetworkJob(Self.ranks(3, hosts, ["timeout=14"]), on: hosts, absent: [absent])
        let words = "2 of 3 ranks have joined; rank \(absent) is missing"
        job.expectFailed([words, "after 14 s"], within: 20)
        #expect(job.outcomes.allSatisfy { $0?.code == "timedOut" })
        // Once, after 10 seconds, by one of them.
        #expect(
            job.diagnostics[0].contains("\(words) (4 s left)\n") || job.diagnostics[0].contains("\(words) (3 s left)\n")
        )
        #expect(!job.diagnostics[1].contains(words))
    }

    @Test("without rank 0 the others say what keeps them from its store", arguments: [true, false])
    func withoutServer(hasHost: Bool) throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        if !hasHost { hosts.remove(0) }
        let job = try NetworkJob(Self.ranks(2, hosts, ["timeout=14"]), on: hosts, absent: [0])
        let reason = hasHost ? "connection refused" : "no route to host"
        job.expectFailed(["nothing could be reached at 10.0.0.1:23456 within 14 s: \(reason)", "rank 0"], within: 22)
        #expect(
            job.diagnostics[0].contains("rank 1 waits for rank 0's store at 10.0.0.1:23456: \(reason) ("),
            "\(job.diagnostics)")
    }

    @Test("a port that is taken names the process, at once")
    func busyPort() throws {
        let hosts = try TestHosts(count: 1, families: [.v4])
        let waiting = try hosts[0].start("network-probe", ["init=tcp://10.0.0.1:23456", "rank=0", "world=2"])
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while try !hosts[0].run(["ss", "-tln"]).contains(":23456 "), ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.05)
        }
        for method in ["tcp://10.0.0.1:23456", "env://"] {
            let job = try NetworkJob(
                [
                    NetworkJob.Rank(
                        host: 0, initMethod: method,
                        environment: ["MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "23456"])
                ], on: hosts)
            job.expectFailed(
                ["port 23456 is used by pid \(waiting.pid) (network-probe)", "another port"], within: 3)
        }
    }

    @Test("a rank that is cut off while the others come together is waited for, and none of them hangs")
    func cutOff() throws {
        let hosts = try TestHosts(count: 3, families: [.v4])
        try hosts.cutOff(2)
        let job = try NetworkJob(Self.ranks(3, hosts, ["timeout=12"]), on: hosts)
        #expect(job.statuses == [1, 1, 1])
        for rank in 0..<2 {
            let message = job.outcomes[rank]?.message ?? ""
            #expect(message.contains("2 of 3 ranks have joined; rank 2 is missing"), "\(message)")
        }
        #expect(job.outcomes[2]?.message.contains("nothing could be reached at 10.0.0.1:23456") == true)
    }

    @Test("other backends are refused with those that there are", arguments: ["nccl", "smoke"])
    func backend(name: String) throws {
        let hosts = try TestHosts(count: 1, families: [.v4])
        let job = try NetworkJob(
            [NetworkJob.Rank(host: 0, initMethod: "tcp://10.0.0.1:23456", arguments: ["backend=\(name)"])], on: hosts)
        job.expectFailed(["backend \(name): ", "Available: gloo"], within: 3)
        #expect(job.outcomes[0]?.message.contains("CUDA build of LibTorch") == (name == "nccl"))
    }
}
