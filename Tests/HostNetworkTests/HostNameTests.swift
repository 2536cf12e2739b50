import HostNetwork
import Testing

struct HostNameTests {
    @Test(arguments: ["10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1"])
    func `a numeric address is its own`(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try HostName.addresses(of: text) == [address])
    }

    @Test func `localhost is a loopback address, named once`() throws {
        let addresses = try HostName.addresses(of: "localhost")
        #expect(!addresses.isEmpty)
        #expect(Set(addresses).count == addresses.count)
        let isLoopback = addresses.allSatisfy(\.isLoopback)
        #expect(isLoopback)
    }

    @Test(arguments: ["no-such-host.invalid", "300.1.1.1", ""])
    func `an unknown host is named in the error`(_ name: String) throws {
        let error = try #require(throws: NetworkError.self) { try HostName.addresses(of: name) }
        #expect(error.code == .unknownHost)
        #expect(error.message.hasPrefix("no address is known for the host \(name.isEmpty ? "\"\"" : name): "))
    }

    @Test func `this machine has a name`() {
        #expect(!HostName.own.isEmpty)
        #expect(!HostName.own.contains("\0"))
    }
}
