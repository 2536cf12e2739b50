import HostNetwork
import Testing

struct RouteTests {
    @Test(arguments: [0, 1, 65535])
    func `the way to this machine starts at this machine`(_ port: Int) throws {
        let loopback = try #require(IPAddress("127.0.0.1"))
        #expect(Route.source(towards: loopback, port: port) == loopback)
    }

    @Test func `the way to an address of one's own starts there`() throws {
        for interface in try NetworkInterface.all() where interface.isUp {
            for address in interface.addresses where !address.isLinkLocal {
                #expect(Route.source(towards: address, port: 80) == address)
            }
        }
    }

    @Test(arguments: ["0.0.0.0", "::", "255.255.255.255"])
    func `where no way leads there is no source`(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(Route.source(towards: address, port: 80) == nil)
    }
}
