import HostNetwork
import Testing

struct NetworkInterfaceTests {
    private let loopback = IPAddress("127.0.0.1")

    @Test func `the loopback interface is among the interfaces, each of which stands there once`() throws {
        let all = try NetworkInterface.all()
        #expect(Set(all.map(\.name)).count == all.count)
        let found = try #require(all.first { $0.isLoopback })
        #expect(found.isUp)
        let loopback = try #require(loopback)
        #expect(found.addresses.contains(loopback))
        #expect(found.summary.hasPrefix("\(found.name) (127.0.0.1"))
        #expect(try NetworkInterface.named(found.name) == found)
    }

    @Test func `an unknown name is answered with the interfaces that there are`() throws {
        let error = try #require(throws: NetworkError.self) { try NetworkInterface.named("foo0") }
        #expect(error.code == .unknownInterface)
        #expect(error.message.hasPrefix("there is no interface foo0 on this machine; there are: "))
        for interface in try NetworkInterface.all() { #expect(error.message.contains(interface.summary)) }
    }

    @Test func `an address in place of a name is answered with the interface that has it`() throws {
        let loopback = try #require(loopback)
        let owner = try #require(NetworkInterface.owning(loopback))
        let error = try #require(throws: NetworkError.self) { try NetworkInterface.named("127.0.0.1") }
        #expect(error.code == .unknownInterface)
        #expect(error.message.contains("127.0.0.1 is an address"))
        #expect(error.message.contains("\(owner.name) has that address"))
    }

    @Test func `an address of another machine in place of a name is answered with the interfaces`() throws {
        let error = try #require(throws: NetworkError.self) { try NetworkInterface.named("192.0.2.77") }
        #expect(error.message.contains("no interface of this machine has that address; there are: "))
        #expect(error.message.contains("127.0.0.1"))
    }

    @Test func `every address leads back to an interface that has it`() throws {
        for interface in try NetworkInterface.all() {
            for address in interface.addresses {
                #expect(NetworkInterface.owning(address)?.addresses.contains(address) == true)
                #expect(NetworkInterface.owning(address.withoutScope) != nil)
            }
        }
        let foreign = try #require(IPAddress("192.0.2.77"))
        #expect(NetworkInterface.owning(foreign) == nil)
        // Debian gives a machine's name this address, which no interface lists.
        let unlisted = try #require(IPAddress("127.0.1.1"))
        #expect(NetworkInterface.owning(unlisted)?.isLoopback == true)
    }
}
