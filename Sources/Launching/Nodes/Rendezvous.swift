import HostNetwork

/// Node 0's end of the machines' meeting: the store, and the connections of the other machines' launchers.
struct Rendezvous {
    /// A signal that ended the waiting, and at which machine it came.
    struct Interruption {
        let signal: Int32
        let node: Int
    }

    let server: StoreServer
    var nodes: OtherNodes
    private let events: EventPipe

    /// Serves the store; the other machines can join from now on.
    ///
    /// - Parameters:
    ///   - own: what is told of this machine.
    ///   - place: where the machines meet; nil for this machine alone, where the store is bound to loopback.
    ///   - events: told of what comes.
    /// - Throws: ``LaunchError`` with `portInUse` or `addressUnavailable`.
    init(_ own: NodeDescription, at place: NodePlace?, telling events: EventPipe) throws {
        self.events = events
        let inbox = NodeInbox(waking: events)
        nodes = OtherNodes(own, timeout: place?.timeout ?? .zero, inbox: inbox)
        server = try Self.serve(place) { inbox.follow($0) }
    }

    /// Waits until all machines are there; a signal that came first, if one did.
    ///
    /// - Throws: ``LaunchError`` with `rendezvousFailed` when the time is over.
    mutating func gather() throws -> Interruption? {
        let start = ContinuousClock.now
        var news = nodes.gather()
        while true {
            for event in news {
                switch event {
                case .complete: return nil
                case .incomplete(let message):
                    nodes.broadcast(.refused(message))
                    throw LaunchError(.rendezvousFailed, message)
                case .message(.signalled(let number), let node): return Interruption(signal: number, node: node)
                case .message, .lost: break
                }
            }
            events.wait(orFor: [], until: .now + .seconds(1))
            if let signal = events.records().lazy.compactMap(\.request).first {
                return Interruption(signal: signal, node: 0)
            }
            news = nodes.events() + nodes.passed(start.duration(to: .now))
        }
    }

    /// The address at which the other machines reach this one; loopback where there are none.
    var address: IPAddress { nodes.reachedAddress.flatMap { IPAddress($0) } ?? .loopback }

    /// Closes all connections, when what was sent has been written.
    func close() {
        nodes.close()
        server.close()
    }

    private static func serve(
        _ place: NodePlace?, onNode: @escaping @Sendable (NodeConnection) -> Void
    ) throws -> StoreServer {
        guard let place else {
            return try StoreServer(addresses: [(IPAddress.loopback.description, 0)], onNode: onNode)
        }
        let (host, port) = (place.rendezvous.host, place.rendezvous.port)
        let resolved: [IPAddress]
        let own: [IPAddress]
        do {
            resolved = try HostName.addresses(of: host)
            own = try NetworkInterface.all().flatMap(\.addresses)
        } catch {
            throw LaunchError(.addressUnavailable, "--rendezvous \(place.rendezvous): \(error)", cause: error)
        }
        let listening = try ListeningAddresses(for: host, resolved: resolved, own: own)
        if let note = listening.note { StandardError.write(note) }
        do {
            return try StoreServer(addresses: listening.addresses.map { ($0.description, port) }, onNode: onNode)
        } catch let error as LaunchError where error.code == .portInUse {
            let holder = PortHolder.of(listening: port).map { "pid \($0.pid) (\($0.name))" } ?? "another process"
            throw LaunchError(
                .portInUse,
                "port \(port) is used by \(holder). Choose another port for --rendezvous on all machines, or end that "
                    + "process; for a job on this machine alone, leave --rendezvous out and one is chosen.",
                cause: error)
        }
    }
}
