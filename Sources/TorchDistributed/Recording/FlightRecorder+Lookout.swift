import Foundation
import Synchronization

/// What a group looks out for while a collective takes long.
final class Lookout: Sendable {
    struct State {
        /// How often in a row a neighbour's process was seen to have ended.
        var absences: [Int: Int] = [:]
        /// The ranks whose connections have been found closed.
        var closedConnections: [Int] = []
        var isProbing = false
        var lastProbe = ContinuousClock.now
    }
    let state = Mutex(State())
}

extension FlightRecorder {
    /// The age of a collective, in seconds, from which on the ranks that it waits for are looked at.
    private static let patience = 0.25
    /// How often connections are tried then.
    private static let probeInterval = Duration.milliseconds(500)

    /// The collective that has been in progress for longest here, and for how many seconds.
    var oldestPending: (sequence: UInt64, age: Double)? {
        guard let sequence = page.oldestPending, let progress = page.progress(sequence) else { return nil }
        return (sequence, Date().timeIntervalSince(progress.entered))
    }

    /// The error for a rank that has ended while a collective waits for it.
    ///
    /// Gloo fails what waits for a closed connection, except for a message of which a part had arrived or was sent: that
    /// goes on waiting until its time limit.
    func lostRank() -> DistributedError? {
        guard let (sequence, age) = oldestPending, age > Self.patience, let record = page.record(sequence) else {
            lookout.state.withLock { $0.absences = [:] }
            return nil
        }
        var absent: [Int] = []
        for neighbour in neighbours {
            let hasEnded = neighbour.process.state.hasEnded && neighbour.page.progress(sequence)?.state != .completed
            let count = lookout.state.withLock { state in
                state.absences[neighbour.rank] = hasEnded ? (state.absences[neighbour.rank] ?? 0) + 1 : 0
                return state.absences[neighbour.rank] ?? 0
            }
            // The rank's own account, and Gloo's, may be on their way.
            if count > 2 { absent.append(neighbour.rank) }
        }
        if absent.isEmpty { absent = lookout.state.withLock { $0.closedConnections } }
        guard let first = absent.min() else { return nil }
        return explained(
            DistributedError(
                .connectionLost,
                "\(record), collective #\(sequence) of \(name): the connection to rank \(first) is closed"),
            at: sequence)
    }

    /// Tries the connections on a thread of its own, if a collective has been in progress for long.
    ///
    /// - Parameter closed: finds the ranks whose connections are closed; it may hang.
    func probe(_ closed: @escaping @Sendable () -> [Int]) {
        guard let (_, age) = oldestPending, age > 2 * Self.patience else { return }
        let isDue = lookout.state.withLock { state in
            guard !state.isProbing, state.lastProbe.duration(to: .now) > Self.probeInterval else { return false }
            state.isProbing = true
            return true
        }
        guard isDue else { return }
        Thread.detachNewThread { [lookout] in
            let ranks = closed()
            lookout.state.withLock { state in
                state.closedConnections = ranks
                state.isProbing = false
                state.lastProbe = .now
            }
        }
    }

    // MARK: What is known of the ranks

    /// The ranks of this machine that do not run, and how.
    var haltedNeighbours: [Int: String] {
        neighbours.reduce(into: [:]) { $0[$1.rank] = $1.process.state.word }
    }

    /// Where all ranks are with respect to a collective, as far as is known.
    func standings(at sequence: UInt64) -> [RankStanding] {
        let own = RankStanding(
            rank: rank, progress: Self.progress(sequence, on: page), lastCompleted: page.lastCompleted,
            process: .running, ending: .none, hasFailed: false, activity: Self.activity(of: page))
        let near = neighbours.map { neighbour in
            RankStanding(
                rank: neighbour.rank, progress: Self.progress(sequence, on: neighbour.page),
                lastCompleted: neighbour.page.lastCompleted, process: neighbour.process.state,
                ending: neighbour.page.ending,
                hasFailed: Self.isOwnFailure(neighbour.page.failure, of: neighbour.rank),
                activity: Self.activity(of: neighbour.page))
        }
        return ([own] + near + (remote?.standings(at: sequence) ?? [])).sorted { $0.rank < $1.rank }
    }

    /// A failure of a collective, preceded by how that stands on all ranks.
    func explained(_ error: DistributedError, at sequence: UInt64) -> DistributedError {
        guard let record = page.record(sequence) else { return error }
        let standings = standings(at: sequence)
        let details = neighbours.compactMap { neighbour -> String? in
            let latest = neighbour.page.latest
            if neighbour.process.state.hasEnded {
                return "rank \(neighbour.rank) has ended, after collective #\(latest)"
            }
            guard latest < sequence else { return nil }
            let last = neighbour.page.record(latest).map { ", \($0)" } ?? ""
            return "rank \(neighbour.rank) has not entered it"
                + (latest == 0 ? ", nor any other" : "; the last that it entered is #\(latest)\(last)")
        }
        guard standings.count > 1 else { return error }
        return DistributedError(error.code, "\(CollectiveStanding(collective: record, standings: standings))")
            .adding([error.message] + details.prefix(8))
    }

    /// How the oldest collective that has not been completed, or else the last one, stands on all ranks; nil where nothing
    /// holds the ranks up.
    var standing: String? {
        let incomplete = page.recorded.first { page.progress($0).map { $0.state != .completed } ?? false }
        let sequence = incomplete ?? page.latest
        guard let record = page.record(sequence) else { return nil }
        let standing = CollectiveStanding(collective: record, standings: standings(at: sequence))
        return standing.isHeldUp ? "\(standing)" : nil
    }

    /// Whether the failure that a rank has published is of its own work; the words are the accelerator's.
    static func isOwnFailure(_ text: String?, of rank: Int) -> Bool {
        text.map { reported($0).message.hasPrefix("rank \(rank) failed: ") } ?? false
    }

    private static func progress(_ sequence: UInt64, on page: RecordPage) -> RankStanding.Progress {
        guard page.latest >= sequence else { return .notEntered }
        // What is no longer recorded ended long ago.
        guard let progress = page.progress(sequence) else { return .completed }
        return progress.state == .completed ? .completed : .waiting
    }

    private static func activity(of page: RecordPage) -> (text: String, seconds: Double)? {
        page.activity.map { ($0.text, max(0, Date().timeIntervalSince($0.since))) }
    }
}
