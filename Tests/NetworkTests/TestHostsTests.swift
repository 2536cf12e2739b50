import Foundation
import Testing

@Suite("Test hosts", .serialized, .enabled(if: TestHosts.areAvailable, "\(TestHosts.requirement)"))
struct TestHostsTests {
    /// What a connection to a port where nobody listens comes to: a host that is there refuses it.
    private func connection(from host: TestHost, to address: String) throws -> String {
        let process = try host.start("/bin/bash", ["-c", "exec 3<>/dev/tcp/\(address)/9; echo open"])
        // Without an answer it takes minutes.
        _ = process.wait(.seconds(2))
        return process.diagnostics
    }

    /// Whether an address answers soon: hosts have to learn each other's hardware addresses first.
    private func isReached(_ address: String, from host: TestHost) throws -> Bool {
        try (0..<10).contains { _ in try connection(from: host, to: address).contains("Connection refused") }
    }

    @Test(
        "hosts reach each other by address and name, with the addresses that they were given",
        arguments: Families.allCases)
    func reach(families: Families) throws {
        let hosts = try TestHosts(count: 2, families: families.list)
        for address in families.list.map({ hosts[0].address($0) }) + ["node0"] {
            #expect(try isReached(address, from: hosts[1]))
        }
        let shown = try hosts[0].run(["ip", "-o", "address"])
        #expect(shown.contains(" 10.0.0.1/24 ") == families.list.contains(.v4))
        #expect(shown.contains(" fd00::1/64 ") == families.list.contains(.v6))
        let name = try hosts[1].start("/bin/hostname")
        #expect(name.wait(.seconds(5)) == 0)
        #expect(name.output == "node1\n")
    }

    @Test("a host that is cut off is silent until it is connected again")
    func cutOff() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        try hosts.cutOff(0)
        #expect(try !connection(from: hosts[1], to: hosts[0].address).contains("refused"))
        try hosts.reconnect(0)
        #expect(try isReached(hosts[0].address, from: hosts[1]))
    }

    @Test("a host goes with what runs on it, and nothing is left of any")
    func removal() throws {
        var namespaces: [String] = []
        do {
            let hosts = try TestHosts(count: 2, families: [.v4])
            namespaces = [hosts[0].namespace, hosts[1].namespace]
            let sleepers = try (0..<2).map { try hosts[$0].start("/bin/sleep", ["60"]) }
            hosts.remove(1)
            #expect(sleepers[1].wait(.seconds(5)) == 256 + 9)
            #expect(!FileManager.default.fileExists(atPath: "/run/netns/\(namespaces[1])"))
            #expect(FileManager.default.fileExists(atPath: "/run/netns/\(namespaces[0])"))
        }
        for namespace in namespaces {
            #expect(!FileManager.default.fileExists(atPath: "/run/netns/\(namespace)"))
            #expect(!FileManager.default.fileExists(atPath: "/etc/netns/\(namespace)"))
        }
    }

    @Test("ports are blocked as a firewall does it", .enabled(if: Firewall.isAvailable, "\(Firewall.requirement)"))
    func blocking() throws {
        let hosts = try TestHosts(count: 2, families: [.v4])
        try hosts[0].blockPorts(except: [23456], .dropping)
        #expect(try !connection(from: hosts[1], to: hosts[0].address).contains("refused"))
    }
}
