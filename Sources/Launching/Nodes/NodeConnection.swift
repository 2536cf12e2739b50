import Dispatch
import HostNetwork
import NIOCore

/// A connection between the launchers of two machines: lines in both directions, and a heartbeat of its own.
///
/// ```swift
/// let connection = try NodeConnection.connect(to: "10.0.0.1", port: 23456, timeout: .seconds(3))
/// connection.start { event in … }
/// connection.send(try MessageFraming.line(for: message))
/// ```
///
/// Both sides begin with the line ``greeting``. An empty line is a heartbeat. The thread that does all this is neither
/// the launcher's nor anybody's who handles events, and stops with the process.
package final class NodeConnection: Sendable {
    /// What comes of a connection.
    package enum Event: Sendable, Hashable {
        /// The other side has sent a line, which is here without its end.
        case line([UInt8])
        /// The connection is lost or closed, as the words say of the other side; nothing comes after that.
        case ended(reason: String)
    }

    /// How a side shows that it is there.
    package struct Heartbeat: Sendable, Hashable {
        /// The time between two signs.
        package var interval: Duration
        /// After how long without a sign the other side counts as lost.
        package var limit: Duration

        /// A sign every `interval`, and at least one expected within `limit`.
        package init(interval: Duration, limit: Duration) {
            self.interval = interval
            self.limit = limit
        }

        /// A sign every 2 s, and at least one within 10 s.
        package static let standard = Heartbeat(interval: .seconds(2), limit: .seconds(10))
    }

    /// What both sides begin with.
    static let greeting = Array("LOCKSTEP-NODE 1\n".utf8)
    /// How long ``close()`` waits for the other side.
    static let closingTime = TimeAmount.seconds(1)

    /// This side's numeric address, without the port.
    package let localAddress: String
    /// The other side's numeric address, without the port; of one that carries an IPv4 address, that one.
    package let remoteAddress: String

    private let channel: any Channel
    private let handler: NIOLoopBound<NodeConnectionHandler>

    /// A connection that is in use by `handler`; only on the network thread.
    init(_ channel: any Channel, _ handler: NodeConnectionHandler) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        localAddress = Self.text(channel.localAddress)
        remoteAddress = Self.text(channel.remoteAddress)
    }

    deinit { beginClosing() }

    /// Begins to tell what comes; what has come before is told first.
    ///
    /// - Parameter handler: called on the network thread, which it must not hold up, with one event after the other. It
    ///   is let go after `ended`, which comes exactly once.
    package func start(_ handler: @escaping @Sendable (Event) -> Void) {
        channel.eventLoop.execute { [box = self.handler] in box.value.start(handler) }
    }

    /// Sends a line, from any thread, in the order of the calls; does nothing once the connection has ended.
    ///
    /// - Parameter line: at most `MessageFraming.maximumLineLength` bytes, with or without its end; a longer one makes
    ///   the other side end the connection.
    package func send(_ line: [UInt8]) {
        channel.eventLoop.execute { [handler] in handler.value.send(line) }
    }

    /// Closes the connection, when what was sent before has been written and the other side has seen the end, but after
    /// one second in any case; waits for that.
    ///
    /// This side hears that it has ended at once. On the network thread it does not wait.
    package func close() {
        beginClosing()
        guard !channel.eventLoop.inEventLoop else { return }
        let closed = DispatchSemaphore(value: 0)
        channel.closeFuture.whenComplete { _ in closed.signal() }
        closed.wait()
    }

    /// Begins what ``close()`` does, without waiting, so that several can be closed in the time of one.
    package func beginClosing() {
        channel.eventLoop.execute { [handler] in handler.value.close() }
    }

    private static func text(_ address: SocketAddress?) -> String {
        guard let address else { return "" }
        return address.withSockAddr { pointer, _ in IPAddress(pointer)?.description } ?? "\(address)"
    }
}
