import Foundation
import HostNetwork
import Testing

struct IPAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1", "10.0.0.1", IPAddress.Family.v4),
        ("255.255.255.255", "255.255.255.255", "255.255.255.255", .v4),
        ("::1", "::1", "[::1]", .v6),
        ("::", "::", "[::]", .v6),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]", .v6),
        ("fe80::1%lo", "fe80::1%lo", "[fe80::1%lo]", .v6),
        ("fe80::1%1", "fe80::1%lo", "[fe80::1%lo]", .v6),
        ("fe80::1", "fe80::1", "[fe80::1]", .v6),
        ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1", .v4),
    ])
    func `an address is read and shown`(
        _ text: String, _ shown: String, _ bracketed: String, _ family: IPAddress.Family
    ) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == shown)
        #expect(address.bracketed == bracketed)
        #expect(address.family == family)
        #expect(IPAddress(shown) == address)
    }

    @Test(arguments: [
        "", " ", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1 ", "10.0.0.1:80", "[::1]", "::1::", "::1%lo",
        "10.0.0.1%lo", "fe80::1%", "fe80::1%there-is-none", "fe80::1%0", "0x7f.0.0.1", "é",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `an IPv4 address inside an IPv6 address is the same address`() throws {
        #expect(IPAddress("::ffff:192.168.1.7") == IPAddress("192.168.1.7"))
        #expect(IPAddress("::192.168.1.7") != IPAddress("192.168.1.7"))
    }

    @Test func `link-local addresses differ by their interface`() throws {
        let address = try #require(IPAddress("fe80::1%lo"))
        #expect(address != IPAddress("fe80::1"))
        #expect(address.withoutScope == IPAddress("fe80::1"))
    }

    @Test(arguments: [
        ("127.0.0.1", [true, false, false]), ("127.0.1.1", [true, false, false]), ("::1", [true, false, false]),
        ("0.0.0.0", [false, true, false]), ("::", [false, true, false]),
        ("169.254.3.4", [false, false, true]), ("fe80::1", [false, false, true]), ("febf::1", [false, false, true]),
        ("10.0.0.1", [false, false, false]), ("128.0.0.1", [false, false, false]),
        ("::2", [false, false, false]), ("fec0::1", [false, false, false]), ("169.253.3.4", [false, false, false]),
    ])
    func `the kind of an address is known`(_ text: String, _ kinds: [Bool]) throws {
        let address = try #require(IPAddress(text))
        #expect([address.isLoopback, address.isUnspecified, address.isLinkLocal] == kinds)
    }

    @Test(arguments: ["10.0.0.1", "2001:db8::1", "fe80::1%lo"], [0, 80, 65535])
    func `a socket address carries address and port`(_ text: String, _ port: Int) throws {
        let address = try #require(IPAddress(text))
        let (back, service) = address.withSocketAddress(port: port) { pointer, length in
            var service = [CChar](repeating: 0, count: 32)
            getnameinfo(pointer, length, nil, 0, &service, socklen_t(service.count), NI_NUMERICSERV)
            return (IPAddress(pointer), String(decoding: service.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        }
        #expect(back == address)
        #expect(service == String(port))
    }

    @Test func `a socket address of another family is no address`() {
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNIX)
        #expect(IPAddress(&address) == nil)
    }
}
