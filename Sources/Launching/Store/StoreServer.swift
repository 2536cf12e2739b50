import HostNetwork
import NIOCore
import NIOPosix

/// Serves the store of a job, over the protocol of PyTorch's `TCPStore` (versions 2.11 to 2.13), and the channel between
/// the launchers of its machines, over the same port.
///
/// ```swift
/// let server = try StoreServer(addresses: [("127.0.0.1", 0)]) { connection in … }
/// environment["MASTER_PORT"] = "\(server.port)"
/// ```
///
/// Ranks join it as clients. It serves until it is closed, or nobody has it any more. What is neither a rank's nor a
/// launcher's connection is closed.
package final class StoreServer: Sendable {
    /// The port, the same on all addresses.
    package let port: Int
    private let listeners: [any Channel]
    private let sessions: NIOLoopBound<StoreSessions>

    /// Binds the addresses, and begins to serve.
    ///
    /// - Parameters:
    ///   - addresses: numeric addresses of this machine, each with the same port; with 0 the system chooses one. `::`
    ///     takes IPv4 connections too, unless an IPv4 address is among them.
    ///   - heartbeat: what the connections of launchers use.
    ///   - onRefusal: called on the network thread, which it must not hold up, with a sentence about each connection that
    ///     was closed since it asked for what there is not.
    ///   - onNode: called on the network thread, which it must not hold up, with each connection of another launcher. One
    ///     that nobody keeps is closed.
    /// - Throws: ``LaunchError`` with `portInUse`, `addressUnavailable` or `socketUnavailable`.
    package init(
        addresses: [(host: String, port: Int)], heartbeat: NodeConnection.Heartbeat = .standard,
        onRefusal: @escaping @Sendable (_ reason: String) -> Void = { _ in },
        onNode: @escaping @Sendable (NodeConnection) -> Void
    ) throws {
        let hosts = try addresses.map { entry in
            guard let address = IPAddress(entry.host) else {
                throw LaunchError(
                    .addressUnavailable,
                    "\"\(entry.host)\" is no numeric address of this machine. `ip address` lists those that it has.")
            }
            return address
        }
        let (sockets, port) = try StoreSocket.listening(at: hosts, port: addresses.first?.port ?? 0)
        self.port = port
        let loop = NetworkThread.loop
        let sessions = NetworkThread.value {
            NIOLoopBound(StoreSessions(onNode: onNode, onRefusal: onRefusal), eventLoop: loop)
        }
        self.sessions = sessions
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: SOMAXCONN)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NetworkThread.closeOnExec(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        StoreGreetingHandler(sessions.value, heartbeat: heartbeat))
                }
            }
        listeners = try sockets.map { socket in
            do {
                return try bootstrap.withBoundSocket(socket).wait()
            } catch {
                throw LaunchError(.socketUnavailable, "the store cannot be served: \(error)", cause: error)
            }
        }
    }

    deinit { Self.end(listeners, sessions) }

    /// How many connections of ranks there are.
    package var clients: Int { NetworkThread.value { [sessions] in sessions.value.clientCount } }

    /// Begins anew: forgets all keys, and closes all connections of ranks, so that none of them can touch the new keys.
    ///
    /// Connections of launchers stay, unless they are just being made.
    package func reset() {
        NetworkThread.value { [listeners, sessions] in
            sessions.value.reset()
            // What has connected and was not looked at yet is of the old generation too.
            for listener in listeners { Self.closeWaiting(at: listener) }
        }
    }

    /// Ends the service, and gives the port back; connections of launchers stay.
    package func close() {
        NetworkThread.value { [listeners, sessions] in Self.end(listeners, sessions) }
    }

    private static func closeWaiting(at listener: any Channel) {
        // A channel that has been closed has no transport, and nobody waits there.
        _ = try? listener.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            StoreSocket.closeWaiting(at: $0)
        }
    }

    private static func end(_ listeners: [any Channel], _ sessions: NIOLoopBound<StoreSessions>) {
        for listener in listeners { listener.close(promise: nil) }
        sessions.eventLoop.execute { sessions.value.reset() }
    }
}
