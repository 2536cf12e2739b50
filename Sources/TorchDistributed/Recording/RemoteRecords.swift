import Foundation
import Synchronization

/// The last records of ranks on other machines, exchanged through the store.
///
/// Each rank sets one key of its own, when something has changed, and reads the others' at every beat.
final class RemoteRecords: Sendable {
    /// What a rank says of itself.
    private struct Message: Codable {
        var latest: UInt64
        var records: [Entry]
        var questions: UInt64
        var failure: String?
        /// The recorded collectives that were entered and have not been completed.
        var incomplete: [UInt64]
        var lastCompleted: UInt64?
        var activity: String?
        var activitySince: Date?
        var ending: UInt64
        /// Ranks of its machine that do not run, and how.
        var halted: [Int: String]
        /// Counts the seconds, so that a rank that is there always has something new to say.
        var beat: UInt64
    }

    /// A record in words; comparing words is enough here.
    private struct Entry: Codable, Equatable {
        var sequence: UInt64
        var text: String
        /// Stands for all collectives up to this one.
        var chain: UInt64
    }

    private struct Published: Equatable {
        var latest: UInt64
        var questions: UInt64
        var hasFailed: Bool
        var incomplete: [UInt64]
        var activity: String?
        var beat: UInt64
    }

    /// What a rank has said last, and when that was heard first.
    private struct Heard {
        var message: Message
        var time = ContinuousClock.now
    }

    private struct State {
        var published: Published?
        var latest: [Int: UInt64] = [:]
        var questions: [Int: UInt64] = [:]
        /// The last collective up to which another rank's differed, and how many such there were in a row.
        var doubts: [Int: (sequence: UInt64, count: Int)] = [:]
        var heard: [Int: Heard] = [:]
    }

    let ranks: [Int]
    private let rank: Int
    private let store: Store
    private let state = Mutex(State())

    init(ranks: [Int], rank: Int, store: Store) {
        self.ranks = ranks
        self.rank = rank
        self.store = store
    }

    /// How often each rank has asked, as far as is known.
    var questions: [Int: UInt64] { state.withLock { $0.questions } }

    /// Publishes this rank's records and compares them with the others'.
    ///
    /// - Returns: why the group must end, if so.
    func inspect(_ recorder: FlightRecorder) -> DistributedError? {
        let (page, group) = (recorder.page, recorder.name)
        publish(recorder)
        var consequence: DistributedError?
        for other in ranks {
            guard let message = try? read(other) else { continue }
            if let failure = message.failure.map(FlightRecorder.reported) {
                guard failure.isConsequence else { return failure }
                consequence = consequence ?? failure
            }
            state.withLock { state in
                state.questions[other] = message.questions
                state.latest[other] = message.latest
                if state.heard[other]?.message.beat != message.beat
                    || state.heard[other]?.message.latest != message.latest
                {
                    state.heard[other] = Heard(message: message)
                }
            }
            for entry in message.records {
                guard let own = page.record(entry.sequence), "\(own)" != entry.text else { continue }
                return CollectiveDifference(
                    group: group, sequence: Int(entry.sequence),
                    [
                        (rank, "\(own)", page.activity?.text), (other, entry.text, message.activity),
                    ]
                ).error
            }
            if let error = doubt(message.records, of: other, own: page, group: group) { return error }
        }
        return consequence
    }

    /// Compares all that was ever entered, also what is no longer recorded.
    ///
    /// - Returns: an error if two chains in a row differ; one alone may come from threads that entered at once.
    private func doubt(
        _ records: [Entry], of other: Int, own page: RecordPage, group: String
    ) -> DistributedError? {
        let common = records.last { page.chain($0.sequence) != nil }
        guard let common, let own = page.chain(common.sequence) else { return nil }
        let count = state.withLock { state in
            let before = state.doubts[other]
            guard own != common.chain else {
                state.doubts[other] = nil
                return 0
            }
            guard before.map({ $0.sequence < common.sequence }) ?? true else { return before?.count ?? 0 }
            state.doubts[other] = (common.sequence, (before?.count ?? 0) + 1)
            return (before?.count ?? 0) + 1
        }
        guard count > 1 else { return nil }
        return DistributedError(
            .collectivesDiffer,
            "some collective of \(group) before #\(common.sequence) differed between rank \(min(rank, other)) and rank "
                + "\(max(rank, other)), too many ago to say which. All ranks must enter the same collectives in the same "
                + "order, with tensors of the same shape and type.")
    }

    /// Publishes this rank's records, if something has changed.
    func publish(_ recorder: FlightRecorder) {
        let page = recorder.page
        let activity = page.activity
        let next = Published(
            latest: page.latest, questions: page.questions, hasFailed: page.failure != nil,
            incomplete: page.recorded.filter { page.progress($0)?.state != .completed }, activity: activity?.text,
            beat: UInt64(Date().timeIntervalSince1970))
        let (isNew, compared) = state.withLock { state in
            (state.published != next, ranks.map { state.latest[$0] ?? 0 }.min() ?? 0)
        }
        guard isNew else { return }
        let records = Self.window(upTo: next.latest, compared: compared).compactMap { sequence -> Entry? in
            guard let record = page.record(sequence), let chain = page.chain(sequence) else { return nil }
            return Entry(sequence: sequence, text: "\(record)", chain: chain)
        }
        let message = Message(
            latest: next.latest, records: records, questions: next.questions, failure: page.failure,
            incomplete: next.incomplete, lastCompleted: page.lastCompleted, activity: activity?.text,
            activitySince: activity?.since, ending: page.ending.rawValue, halted: recorder.haltedNeighbours,
            beat: next.beat)
        // A store that is gone is no reason to stop: the group's own connections say when a rank is lost.
        guard let bytes = try? JSONEncoder().encode(message), (try? store.set(key(rank), Array(bytes))) != nil else {
            return
        }
        state.withLock { $0.published = next }
    }

    /// Which records another rank may still have to compare: those that the slowest has not entered, as far as is
    /// known, and a few more.
    private static func window(upTo latest: UInt64, compared: UInt64) -> ClosedRange<UInt64> {
        let oldest = latest > UInt64(RecordPage.slotCount) ? latest - UInt64(RecordPage.slotCount) + 1 : 1
        let spare: UInt64 = 16
        let first = max(oldest, min(compared, latest) > spare ? min(compared, latest) - spare : 1)
        return first...max(first, latest)
    }

    /// Whether one of the ranks has published a failure that names its cause.
    var knowsCause: Bool {
        state.withLock { Array($0.heard.values) }
            .contains { $0.message.failure.map { !FlightRecorder.reported($0).isConsequence } ?? false }
    }

    /// Where the ranks of other machines are with respect to a collective, as far as they have said.
    func standings(at sequence: UInt64) -> [RankStanding] {
        let heard = state.withLock { $0.heard }
        let halted = heard.values.reduce(into: [Int: String]()) { $0.merge($1.message.halted) { first, _ in first } }
        return ranks.compactMap { rank in
            guard let last = heard[rank] else { return nil }
            let message = last.message
            let progress: RankStanding.Progress =
                message.latest < sequence ? .notEntered : message.incomplete.contains(sequence) ? .waiting : .completed
            let silence = last.time.duration(to: .now) / .seconds(1)
            return RankStanding(
                rank: rank, progress: progress, lastCompleted: message.lastCompleted,
                process: halted[rank].flatMap(NeighbourProcess.State.init(word:)),
                ending: RecordPage.Ending(rawValue: message.ending) ?? .none,
                hasFailed: FlightRecorder.isOwnFailure(message.failure, of: rank),
                activity: message.activity.map { text in
                    (text, (message.activitySince.map { Date().timeIntervalSince($0) } ?? 0))
                }, silence: silence)
        }
    }

    private func read(_ other: Int) throws -> Message? {
        guard try store.contains(key(other)) else { return nil }
        return try JSONDecoder().decode(Message.self, from: Data(try store.get(key(other))))
    }

    private func key(_ rank: Int) -> String { "lockstep/last/\(rank)" }
}
