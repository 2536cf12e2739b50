import Glibc
import HostNetwork
import Synchronization
import Testing

@testable import Launching

@Suite("The store's server")
struct StoreServerTests {
    private func server(_ hosts: [String] = ["127.0.0.1"], port: Int = 0) throws -> StoreServer {
        try StoreServer(addresses: hosts.map { ($0, port) }) { _ in }
    }

    /// A client that has been greeted.
    private func client(of server: StoreServer, host: String = "127.0.0.1") throws -> StoreRawClient {
        let client = try StoreRawClient(port: server.port, host: host)
        client.send(StoreBytes.greeting + StoreBytes.ping(0xABCD_1234))
        #expect(client.read(4) == StoreBytes.number(UInt32(0xABCD_1234)))
        return client
    }

    @Test("answers a client, and releases one that waits")
    func answers() throws {
        let server = try server()
        let (one, two) = (try client(of: server), try client(of: server))
        #expect(server.clients == 2)
        one.send(StoreBytes.wait(["/k"]))
        two.send(StoreBytes.set("/k", "value"))
        #expect(one.read(1) == [0])
        one.send(StoreBytes.get("/k"))
        #expect(one.read(13) == StoreBytes.string("value"))
    }

    @Test(
        "has the same port on all of its addresses",
        arguments: [
            ["127.0.0.1", "127.0.0.2"], ["0.0.0.0", "::"], ["::"], ["0.0.0.0"],
        ])
    func addresses(hosts: [String]) throws {
        let server = try server(hosts)
        #expect(server.port > 0)
        #expect(try server.clients == 0 && client(of: server).read(0) == [])
        if hosts.contains("127.0.0.2") { _ = try client(of: server, host: "127.0.0.2") }
    }

    @Test("listens at its own address alone")
    func oneAddress() throws {
        let server = try server(["127.0.0.2"])
        _ = try client(of: server, host: "127.0.0.2")
        #expect(throws: (any Error).self) { try StoreRawClient(port: server.port, host: "127.0.0.1") }
    }

    @Test("names the port that another has")
    func portInUse() throws {
        let first = try server()
        for hosts in [["127.0.0.1"], ["127.0.0.3", "127.0.0.1"], ["0.0.0.0"]] {
            let error = #expect(throws: LaunchError.self) { try server(hosts, port: first.port) }
            #expect(error?.code == .portInUse)
            #expect(error?.message.contains("port \(first.port) of \(hosts[hosts.count - 1])") == true)
        }
        // The addresses that could be had are free again.
        _ = try server(["127.0.0.3"], port: first.port)
    }

    @Test(
        "names an address that is not this machine's", arguments: ["192.0.2.1", "2001:db8::1", "nonsense", "localhost"])
    func addressUnavailable(host: String) throws {
        let error = #expect(throws: LaunchError.self) { try server([host], port: 23456) }
        #expect(error?.code == .addressUnavailable)
        #expect(error?.message.contains(host) == true)
    }

    @Test("gives its port back at once, though connections were open")
    func relaunch() throws {
        var second: StoreServer?
        // Another program may take the port in between, but not each time.
        for _ in 0..<5 where second == nil {
            let first = try server()
            let client = try client(of: first)
            first.close()
            #expect(client.isAtEnd)
            second = try? server(port: first.port)
            #expect(second == nil || second?.port == first.port)
        }
        _ = try self.client(of: try #require(second))
    }

    @Test("ends when nobody has it any more")
    func dropped() async throws {
        var first: StoreServer? = try server()
        let port = try #require(first?.port)
        let client = try client(of: try #require(first))
        first = nil
        #expect(client.isAtEnd)
        try await waitUntil("the port") { (try? server(port: port)) != nil }
    }

    @Test(
        "closes what is no client, says so, and serves the others",
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 3, 1, 0], Array("LOCKSTEP-NODE 2\n".utf8),
            Array("LOCKSTEP-NODELOCKSTEP".utf8), [0, 1, 2, 3, 4], [10],
        ])
    func strangers(bytes: [UInt8]) async throws {
        let reasons = Mutex<[String]>([])
        let told: @Sendable (String) -> Void = { reason in reasons.withLock { $0.append(reason) } }
        let server = try StoreServer(addresses: [("127.0.0.1", 0)], onRefusal: told) { _ in
            Issue.record("a stranger was taken for a launcher")
        }
        let client = try client(of: server)
        let stranger = try StoreRawClient(port: server.port)
        stranger.send(bytes)
        #expect(stranger.isAtEnd)
        try await waitUntil("the reason") { reasons.withLock { $0.count } == 1 }
        #expect(reasons.withLock { $0.first?.contains("127.0.0.1:") } == true)
        client.send(StoreBytes.set("/k", "v") + StoreBytes.get("/k"))
        #expect(client.read(9) == StoreBytes.string("v"))
        #expect(server.clients == 1)
    }

    @Test("closes a client that asks for what there is not, and it alone")
    func badClient() throws {
        let server = try server()
        let (bad, good) = (try client(of: server), try client(of: server))
        bad.send(StoreBytes.set("/k", "text") + [4] + StoreBytes.string("/k") + StoreBytes.number(Int64(1)))
        #expect(bad.isAtEnd)
        good.send(StoreBytes.get("/k"))
        #expect(good.read(12) == StoreBytes.string("text"))
        let huge = try client(of: server)
        huge.send([1] + StoreBytes.number(UInt64(1) << 60))
        #expect(huge.isAtEnd)
    }

    @Test("forgets a client that dies while it waits")
    func death() async throws {
        let server = try server()
        var dying: StoreRawClient? = try client(of: server)
        let other = try client(of: server)
        for client in [dying, other] { client?.send(StoreBytes.wait(["/k"])) }
        dying = nil
        try await waitUntil("its end") { server.clients == 1 }
        let setter = try client(of: server)
        setter.send(StoreBytes.set("/k", "v"))
        #expect(other.read(1) == [0])
    }

    @Test("begins anew without keys, and without the connections that were there")
    func reset() async throws {
        let nodes = Mutex<[NodeConnection]>([])
        let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { node in nodes.withLock { $0.append(node) } }
        let launcher = try NodeConnection.connect(to: "127.0.0.1", port: server.port, timeout: .seconds(60))
        let (waiting, setting) = (try client(of: server), try client(of: server))
        let silent = try StoreRawClient(port: server.port)
        setting.send(StoreBytes.set("/old", "v"))
        waiting.send(StoreBytes.wait(["/k"]))
        try await waitUntil("the clients") { server.clients == 2 }
        server.reset()
        #expect(server.clients == 0)
        setting.send(StoreBytes.set("/k", "of the old generation"))
        silent.send(StoreBytes.greeting + StoreBytes.set("/k", "of the old generation"))
        for client in [waiting, setting, silent] { #expect(client.isAtEnd) }
        let new = try client(of: server)
        new.send([7])
        #expect(new.read(8) == StoreBytes.number(Int64(0)))
        #expect(server.clients == 1)
        try await waitUntil("the launcher") { nodes.withLock { $0.count } == 1 }
        defer { withExtendedLifetime(launcher) {} }
        let heard = NodeConnectionEvents()
        launcher.start(heard.add)
        nodes.withLock { $0.first }?.send(Array("still here".utf8))
        try await waitUntil("a line") { heard.lines == ["still here"] }
    }

    @Test("passes none of its sockets on to programs that are started")
    func closeOnExec() async throws {
        let nodes = Mutex<[NodeConnection]>([])
        let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { node in nodes.withLock { $0.append(node) } }
        let client = try client(of: server)
        let launcher = try NodeConnection.connect(to: "127.0.0.1", port: server.port, timeout: .seconds(60))
        // One that listens, two of the client, two of the launchers.
        var count = 0
        for descriptor in 3..<Int32(1024) {
            let ports = [getsockname, getpeername].map { port($0, descriptor) }
            guard ports.contains(server.port) else { continue }
            count += 1
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
        #expect(count == 5)
        withExtendedLifetime((client, launcher)) {}
    }

    private func port(
        _ name: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32, _ descriptor: Int32
    ) -> Int? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        guard status == 0, Int32(address.sin_family) == AF_INET else { return nil }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
