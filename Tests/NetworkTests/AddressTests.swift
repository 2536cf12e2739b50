import Foundation
import Testing

@Suite("Ranks on several hosts", .serialized, .enabled(if: TestHosts.areAvailable, "\(TestHosts.requirement)"))
struct AddressTests {
    private static func ranks(_ count: Int, first: String, others: String) -> [NetworkJob.Rank] {
        (0..<count).map { NetworkJob.Rank(host: $0, initMethod: "tcp://\($0 == 0 ? first : others):23456") }
    }

    @Test("rank 0 is told the address that stands for all of its own", arguments: Families.allCases, [2, 3])
    func unspecified(families: Families, count: Int) throws {
        let hosts = try TestHosts(count: count, families: families.list)
        let job = try NetworkJob(
            Self.ranks(count, first: families.unspecified, others: hosts[0].urlAddress), on: hosts)
        job.expectTrained()
        #expect(job.addresses == (0..<count).map { hosts[$0].address })
    }

    @Test("all ranks are told rank 0's address", arguments: Families.allCases, [2, 3])
    func address(families: Families, count: Int) throws {
        let hosts = try TestHosts(count: count, families: families.list)
        let job = try NetworkJob(
            Self.ranks(count, first: hosts[0].urlAddress, others: hosts[0].urlAddress), on: hosts)
        job.expectTrained()
        #expect(job.addresses == (0..<count).map { hosts[$0].address })
    }

    @Test("rank 0's own name leads to 127.0.1.1 on its own host", arguments: [Families.v4, .both], [2, 3])
    func loopbackName(families: Families, count: Int) throws {
        let hosts = try TestHosts(count: count, families: families.list)
        try hosts[0].setHosts(hosts[0].loopbackLines + ["127.0.1.1 node0"])
        for host in 1..<count {
            try hosts[host].setHosts(hosts[host].loopbackLines + ["127.0.1.1 node\(host)", "10.0.0.1 node0"])
        }
        let job = try NetworkJob(Self.ranks(count, first: "node0", others: "node0"), on: hosts)
        job.expectTrained()
        #expect(job.addresses == (0..<count).map { hosts[$0].address(.v4) })
    }

    @Test("rank 0's own name leads to an interface that every host has for itself")
    func privateInterface() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        for host in 0..<2 { try hosts[host].addInterface("docker0", addresses: ["172.17.0.1/16"]) }
        try hosts[0].setHosts(hosts[0].loopbackLines + ["172.17.0.1 node0"])
        let job = try NetworkJob(Self.ranks(2, first: "node0", others: "node0"), on: hosts)
        job.expectTrained()
        #expect(job.addresses == ["10.0.0.1", "10.0.0.2"])
    }

    @Test("ranks of one host meet at localhost", arguments: Families.allCases, ["localhost", "mixed"])
    func localhost(families: Families, name: String) throws {
        let hosts = try TestHosts(count: 1, families: families.list)
        let first = name == "localhost" ? "localhost" : families.unspecified
        let job = try NetworkJob(
            [first, "localhost", "localhost"].map { NetworkJob.Rank(host: 0, initMethod: "tcp://\($0):23456") },
            on: hosts)
        job.expectTrained()
        #expect(job.addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0) })
    }

    @Test("ranks of rank 0's host that reach it by the loopback interface can be reached from other hosts")
    func sharedHost() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        let places = [(0, "0.0.0.0"), (0, "127.0.0.1"), (1, "10.0.0.1"), (1, "10.0.0.1")]
        let job = try NetworkJob(
            places.map { NetworkJob.Rank(host: $0.0, initMethod: "tcp://\($0.1):23456") }, on: hosts)
        job.expectTrained()
        #expect(job.addresses == ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"])
    }

    @Test("the environment of torchrun names the host", arguments: [2, 3])
    func environment(count: Int) throws {
        let hosts = try TestHosts(count: count, families: [.v4])
        let ranks = (0..<count).map { rank in
            NetworkJob.Rank(
                host: rank, initMethod: "env://",
                environment: ["MASTER_ADDR": "node0", "MASTER_PORT": "29500"])
        }
        let job = try NetworkJob(ranks, on: hosts)
        job.expectTrained()
        #expect(job.addresses == (0..<count).map { hosts[$0].address })
    }

    // MARK: GLOO_SOCKET_IFNAME

    @Test(
        "the variable's interface carries the data", arguments: ["eth1", "ib0,eth1,eth0"], [Families.v4, .v6, .both])
    func namedInterface(value: String, families: Families) throws {
        let hosts = try TestHosts(count: 2, families: families.list, networks: 2)
        var ranks = Self.ranks(2, first: families.unspecified, others: hosts[0].urlAddress)
        for index in ranks.indices { ranks[index].environment["GLOO_SOCKET_IFNAME"] = value }
        let job = try NetworkJob(ranks, on: hosts)
        job.expectTrained()
        #expect(job.addresses == (0..<2).map { hosts[$0].address(families == .v6 ? .v6 : .v4, network: 1) })
    }

    @Test(
        "a value that names no interface is an error that lists those that there are",
        arguments: [
            ("foo", ["GLOO_SOCKET_IFNAME=foo", "no interface foo", "eth0 (10.0.0.1", "lo (127.0.0.1"]),
            ("foo,bar", ["GLOO_SOCKET_IFNAME=foo,bar", "no interface foo", "eth0 (10.0.0.1"]),
            ("10.0.0.1", ["10.0.0.1 is an address", "eth0 has that address"]),
            ("empty0", ["empty0 (no address) has no IPv4 address", "the ranks meet over IPv4"]),
        ])
    func unknownInterface(value: String, words: [String]) throws {
        let hosts = try TestHosts(count: 1, families: [.v4])
        try hosts[0].addInterface("empty0", addresses: [])
        let job = try NetworkJob(
            [
                NetworkJob.Rank(
                    host: 0, initMethod: "tcp://10.0.0.1:23456", environment: ["GLOO_SOCKET_IFNAME": value])
            ], on: hosts)
        job.expectFailed(words, within: 5)
        #expect(job.outcomes[0]?.code == "invalidArgument")
    }

    // MARK: Training

    @Test(
        "the program for two machines trains as its article starts it",
        .enabled(if: MNISTFiles.folder != nil, "the data set is not on this machine"), arguments: Families.allCases)
    func twoMachines(families: Families) throws {
        let hosts = try TestHosts(count: 2, families: families.list)
        let runs = try [families.unspecified, hosts[0].urlAddress].enumerated().map { rank, host in
            try hosts[rank].start(
                "mnist-two-machines",
                [
                    "--init-method", "tcp://\(host):23456", "--world-size", "2", "--rank", "\(rank)", "--epochs", "1",
                    "--max-steps", "20", "--data-directory", MNISTFiles.folder ?? "",
                ])
        }
        for run in runs { #expect(run.wait(.seconds(60)) == 0, "\(run.diagnostics)") }
        #expect(runs[0].output.wholeMatch(of: /Epoch: 1, Train Loss: [0-9.]+\n/) != nil, "\(runs[0].output)")
    }
}

/// Where the real MNIST lies, if it is on this machine.
enum MNISTFiles {
    static let folder: String? = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        return ([environment["LOCKSTEP_DATA"]].compactMap { $0 } + ["../shared/data", cache + "/lockstep/datasets"])
            .map { URL(fileURLWithPath: $0).path }
            .first { FileManager.default.fileExists(atPath: $0 + "/mnist") }
    }()
}
