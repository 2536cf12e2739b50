import Synchronization

/// What other machines' launchers have sent, for the thread that runs the job.
final class NodeInbox: Sendable {
    /// What comes of a connection.
    enum Event: Sendable {
        case opened(NodeConnection)
        case line([UInt8], from: NodeConnection)
        case ended(NodeConnection, reason: String)
        /// A connection could not be opened.
        case unreachable(any Error)
    }

    private let events = Mutex<[Event]>([])
    private let pipe: EventPipe

    /// An empty inbox, which wakes the reader of `pipe`.
    init(waking pipe: EventPipe) {
        self.pipe = pipe
    }

    /// Adds an event, from any thread.
    func post(_ event: Event) {
        events.withLock { $0.append(event) }
        pipe.post(EventPipe.Record(.node))
    }

    /// The events since the last call, in order.
    func take() -> [Event] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }

    /// Listens to a connection.
    func follow(_ connection: NodeConnection) {
        post(.opened(connection))
        connection.start { [self] event in
            switch event {
            case .line(let line): post(.line(line, from: connection))
            case .ended(let reason): post(.ended(connection, reason: reason))
            }
        }
    }
}
