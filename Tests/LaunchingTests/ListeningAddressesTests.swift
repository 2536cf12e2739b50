import HostNetwork
import Testing

@testable import Launching

@Suite("The addresses of a rendezvous")
struct ListeningAddressesTests {
    private static let own = ["127.0.0.1", "::1", "10.0.0.1", "fd00::1"].compactMap { IPAddress($0) }

    @Test(
        "are those that its host means on node 0",
        arguments: [
            ("10.0.0.1", ["10.0.0.1"], ["10.0.0.1"]),
            ("fd00::1", ["fd00::1"], ["fd00::1"]),
            ("host-a", ["10.0.0.1", "fd00::1"], ["10.0.0.1", "fd00::1"]),
            ("host-a", ["127.0.1.1", "10.0.0.1"], ["10.0.0.1"]),
            ("127.0.0.1", ["127.0.0.1"], ["127.0.0.1"]),
            ("localhost", ["::1", "127.0.0.1"], ["::1", "127.0.0.1"]),
            ("0.0.0.0", ["0.0.0.0"], ["0.0.0.0"]), ("::", ["::"], ["::"]),
        ])
    func meant(_ host: String, _ resolved: [String], _ expected: [String]) throws {
        let listening = try ListeningAddresses(
            for: host, resolved: resolved.compactMap { IPAddress($0) }, own: Self.own)
        #expect(listening.addresses.map(\.description) == expected)
        #expect(listening.note == nil)
    }

    @Test("are all where a name means node 0 to itself alone, with a word about it")
    func everywhere() throws {
        let resolved = ["127.0.1.1"].compactMap { IPAddress($0) }
        let listening = try ListeningAddresses(for: "host-a", resolved: resolved, own: Self.own)
        #expect(listening.addresses.map(\.description) == ["::", "0.0.0.0"])
        #expect(
            listening.note
                == "host-a is 127.0.1.1 on this machine, which no other can reach: the rendezvous listens on all addresses"
        )
    }

    @Test("cannot be another machine's", arguments: [("10.0.0.9", "10.0.0.9,"), ("host-b", "host-b (10.0.0.9),")])
    func foreign(_ host: String, _ text: String) {
        let resolved = ["10.0.0.9"].compactMap { IPAddress($0) }
        let error = #expect(throws: LaunchError.self) {
            try ListeningAddresses(for: host, resolved: resolved, own: Self.own)
        }
        #expect(error?.code == .addressUnavailable)
        #expect(error?.message.hasPrefix("--rendezvous names \(text) which is no address of this machine") == true)
        #expect(error?.message.contains("127.0.0.1, ::1, 10.0.0.1, fd00::1") == true)
    }
}
