import Glibc
import HostNetwork
import Synchronization
import Testing

@testable import Launching

/// What has come of a connection.
final class NodeConnectionEvents: Sendable {
    private let events = Mutex<[NodeConnection.Event]>([])

    @Sendable func add(_ event: NodeConnection.Event) { events.withLock { $0.append(event) } }

    var all: [NodeConnection.Event] { events.withLock { $0 } }

    var lines: [String] {
        all.compactMap { event in
            guard case .line(let line) = event else { return nil }
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Why it ended; nil while it has not, or where the end is not the last event and the only one of its kind.
    var end: String? {
        let events = all
        guard case .ended(let reason) = events.last, events.dropLast().allSatisfy({ $0.isLine }) else { return nil }
        return reason
    }
}

extension NodeConnection.Event {
    fileprivate var isLine: Bool { if case .line = self { true } else { false } }
}

/// A server whose launchers' connections are collected.
final class NodeConnectionHost: Sendable {
    private final class Arrivals: Sendable {
        let connections = Mutex<[NodeConnection]>([])
    }

    private let arrivals: Arrivals
    private let server: StoreServer

    init(_ hosts: [String] = ["127.0.0.1"], heartbeat: NodeConnection.Heartbeat = .standard) throws {
        let arrivals = Arrivals()
        self.arrivals = arrivals
        server = try StoreServer(addresses: hosts.map { ($0, 0) }, heartbeat: heartbeat) { connection in
            arrivals.connections.withLock { $0.append(connection) }
        }
    }

    var port: Int { server.port }

    /// The next connection that has come.
    func accept() async throws -> NodeConnection {
        try await waitUntil("a connection") { arrivals.connections.withLock { !$0.isEmpty } }
        return arrivals.connections.withLock { $0.removeFirst() }
    }

    /// Two ends of a connection.
    func pair(
        from local: String? = nil, heartbeat: NodeConnection.Heartbeat = .standard
    ) async throws -> (near: NodeConnection, far: NodeConnection) {
        let near = try NodeConnection.connect(
            to: "127.0.0.1", port: port, from: local, timeout: .seconds(60), heartbeat: heartbeat)
        return (near, try await accept())
    }
}

/// A socket that listens on loopback, and whose connections a test handles itself.
final class NodeConnectionListener: Sendable {
    let port: Int
    private let socket: Int32

    init() throws {
        let address = IPAddress.loopback
        let (sockets, port) = try StoreSocket.listening(at: [address], port: 0)
        socket = sockets[0]
        self.port = port
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
    }

    deinit { close(socket) }

    func accept() throws -> StoreRawClient {
        let accepted = Glibc.accept(socket, nil, nil)
        try #require(accepted >= 0)
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return StoreRawClient(accepted: accepted)
    }

    /// Lets as many connections wait as the system does, which is two here.
    func fill() throws -> [StoreRawClient] {
        listen(socket, 1)
        return try (0..<2).map { _ in try StoreRawClient(port: port) }
    }
}
