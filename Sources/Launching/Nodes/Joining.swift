import HostNetwork

/// Another machine's end of the meeting: it tries until node 0 answers.
struct Joining {
    /// What came of it.
    enum Result {
        case connected(NodeConnection)
        case interrupted(signal: Int32)
    }

    private static let attemptLimit = Duration.seconds(3)
    private static let pause = Duration.milliseconds(300)

    let place: NodePlace
    let inbox: NodeInbox
    let events: EventPipe

    /// Connects to node 0's launcher.
    ///
    /// - Throws: ``LaunchError`` with `rendezvousFailed` when the time is over.
    func connect() throws -> Result {
        let start = ContinuousClock.now
        var nextReminder = start + Gathering.reminderInterval
        var retry: ContinuousClock.Instant? = start
        var lastError: (any Error)?
        while true {
            if let instant = retry, instant <= .now {
                retry = nil
                try attempt()
            }
            events.wait(orFor: [], until: .now + .milliseconds(retry == nil ? 1000 : 100))
            if let signal = events.records().lazy.compactMap(\.request).first { return .interrupted(signal: signal) }
            for event in inbox.take() {
                switch event {
                case .opened(let connection): return .connected(connection)
                case .unreachable(let error): (retry, lastError) = (.now + Self.pause, error)
                case .line, .ended: break
                }
            }
            let left = place.timeout - start.duration(to: .now)
            let why = lastError.map { ": \($0)" } ?? ""
            guard left > .zero else {
                throw LaunchError(
                    .rendezvousFailed,
                    "node 0 did not answer at \(place.rendezvous) within \(place.timeout.components.seconds) s\(why) Check "
                        + "that the program runs on node 0 with the same --rendezvous, that the name means node 0 on this "
                        + "machine too, and that no firewall is between.", cause: lastError)
            }
            if nextReminder <= .now {
                nextReminder += Gathering.reminderInterval
                StandardError.write(
                    "waiting for node 0 at \(place.rendezvous) (\(left.components.seconds) s left)\(why)")
            }
        }
    }

    /// Tries once, on a thread of its own, since a host that drops packets takes long to give up.
    private func attempt() throws {
        try BackgroundThread.start { [place, inbox] in
            do {
                let connection = try NodeConnection.connect(
                    to: place.rendezvous.host, port: place.rendezvous.port, from: nil, timeout: Self.attemptLimit)
                inbox.follow(connection)
            } catch {
                inbox.post(.unreachable(error))
            }
        }
    }
}
