import Dispatch
import Files
import Glibc
import HostNetwork
import NIOCore
import NIOPosix
import Synchronization

extension NodeConnection {
    /// Connects to the launcher that serves the store at a host and a port; waits for its greeting.
    ///
    /// - Parameters:
    ///   - host: a name, of which all addresses are tried, or a numeric address.
    ///   - port: the port of the other side's ``StoreServer``.
    ///   - localAddress: the numeric address of this machine to connect from; nil for the one that the system chooses.
    ///   - timeout: how long to try in all.
    ///   - heartbeat: how this side shows that it is there.
    /// - Throws: ``LaunchError``: `addressUnavailable` where the local address is none, and `rendezvousFailed` where the
    ///   name is unknown or no address of it answers, each with the reason; another attempt may succeed.
    package static func connect(
        to host: String, port: Int, from localAddress: String? = nil, timeout: Duration,
        heartbeat: Heartbeat = .standard
    ) throws -> NodeConnection {
        let deadline = ContinuousClock.now + timeout
        let local = try localAddress.map(address(ofThisMachine:))
        let addresses = try addresses(of: host, until: deadline).filter {
            local.map(\.family) ?? $0.family == $0.family
        }
        var failures: [String] = []
        for (index, address) in addresses.enumerated() {
            // An address that does not answer leaves time for the others.
            let end = ContinuousClock.now + (deadline - .now) / (addresses.count - index)
            do {
                let socket = try NodeConnectionSocket.connected(to: address, port: port, from: local, until: end)
                return try greet(over: socket, until: end, heartbeat)
            } catch let error as LaunchError where error.code == .rendezvousFailed {
                failures.append("\(address.bracketed):\(port): \(error.message)")
            }
        }
        if let local, failures.isEmpty {
            throw LaunchError(.rendezvousFailed, "\(host) has no address that can be reached from \(local).")
        }
        throw LaunchError(.rendezvousFailed, failures.joined(separator: "; ") + ".")
    }

    private static func address(ofThisMachine text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw LaunchError(.addressUnavailable, "\"\(text)\" is no numeric address of this machine.")
        }
        return address
    }

    /// The addresses of a host, asked for on another thread, since a name server may be silent for long.
    private static func addresses(of host: String, until deadline: ContinuousClock.Instant) throws -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        let answer = NameAnswer()
        try BackgroundThread.start {
            let addresses = Result { try HostName.addresses(of: host) }
            answer.result.withLock { $0 = addresses }
            answer.came.signal()
        }
        _ = answer.came.wait(timeout: .now() + .nanoseconds(Int(TimeAmount(deadline - .now).nanoseconds)))
        do {
            guard let addresses = try answer.result.withLock({ $0 })?.get() else {
                throw LaunchError(.rendezvousFailed, "no name server has answered for \(host) in time.")
            }
            return addresses
        } catch let error as NetworkError {
            throw LaunchError(.rendezvousFailed, error.message, cause: error)
        }
    }

    private final class NameAnswer: Sendable {
        let result = Mutex<Result<[IPAddress], any Error>?>(nil)
        let came = DispatchSemaphore(value: 0)
    }

    /// Sends the greeting over a connected socket, and waits for the other side's.
    private static func greet(
        over socket: Int32, until deadline: ContinuousClock.Instant, _ heartbeat: Heartbeat
    ) throws -> NodeConnection {
        let loop = NetworkThread.loop
        let greeted = loop.makePromise(of: Void.self)
        let connection = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NodeConnectionHandler(heartbeat: heartbeat, greeted: greeted))
                }
            }
            .withConnectedSocket(socket)
            .flatMapThrowing { channel in
                let handler = try channel.pipeline.syncOperations.handler(type: NodeConnectionHandler.self)
                let connection = NodeConnection(channel, handler)
                connection.send(greeting)
                return connection
            }
        connection.whenFailure { greeted.fail($0) }
        let timer = loop.scheduleTask(in: TimeAmount(deadline - .now)) {
            greeted.fail(LaunchError(.rendezvousFailed, "it did not greet in time"))
        }
        defer { timer.cancel() }
        do {
            return try greeted.futureResult.flatMap { connection }.wait()
        } catch let error as LaunchError {
            throw error
        } catch {
            throw LaunchError(.rendezvousFailed, "\(error)", cause: error)
        }
    }
}
