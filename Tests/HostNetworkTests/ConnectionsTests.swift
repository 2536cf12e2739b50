import HostNetwork
import Testing

struct ConnectionsTests {
    @Test func `connections to a port tell the addresses at which it was reached`() throws {
        for address in try loopbackAddresses() {
            let server = try TestSocket(listeningAt: address)
            #expect(Connections.localAddresses(toPort: server.port).isEmpty)
            let clients = try (0..<2).map { _ in try TestSocket(connectingTo: address, port: server.port) }
            #expect(Connections.localAddresses(toPort: server.port) == [address])
            withExtendedLifetime(clients) {}
        }
    }

    @Test func `a server on every address was reached at one of them`() throws {
        let server = try TestSocket(listeningAt: try #require(IPAddress("0.0.0.0")))
        let clients = try ["127.0.0.1", "127.0.0.2", "127.0.0.1"].map {
            try TestSocket(connectingTo: try #require(IPAddress($0)), port: server.port)
        }
        let reached = Connections.localAddresses(toPort: server.port).map(\.description)
        #expect(reached.sorted() == ["127.0.0.1", "127.0.0.2"])
        withExtendedLifetime(clients) {}
    }
}
