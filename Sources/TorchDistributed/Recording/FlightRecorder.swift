import CTorch
import Foundation
import Synchronization

/// Writes down what a rank enters, and compares it with what the other ranks have written.
///
/// On one machine the ranks' pages are mapped: a rank that enters a collective compares it at once with those that
/// came before it, so that nothing wrong reaches the network; the watchdog does the rest. Ranks of other machines
/// exchange their last records through the store, which takes two beats of the watchdog. Ranks of another program write
/// nothing and are not compared.
final class FlightRecorder: Sendable {
    /// The group's name in messages.
    let name: String
    let rank: Int
    let worldSize: Int

    let page: RecordPage
    /// The other ranks on this machine.
    let neighbours: [Neighbour]
    /// Lockstep's ranks on other machines.
    let remote: RemoteRecords?
    private let comparedUpTo = Mutex<[Int: UInt64]>([:])
    private let answeredQuestions = Mutex<[Int: UInt64]>([:])
    private let restriction = Mutex<String?>(nil)
    private let refusal = Mutex<DistributedError?>(nil)
    /// The first collective that failed here, for reasons that nobody has found yet.
    private let loss = Mutex<Loss?>(nil)
    let lookout = Lookout()
    let timeline = CollectiveTimeline()
    /// How the collective stood that was in progress when the group failed.
    private let standingAtFailure = Mutex<String?>(nil)

    /// A collective that failed.
    private struct Loss {
        let sequence: UInt64
        /// What c10d says of it.
        let error: DistributedError
        /// Since when it is known.
        let time = ContinuousClock.now
    }

    /// Another rank of this machine.
    struct Neighbour: Sendable {
        let rank: Int
        let page: RecordPage
        let process: NeighbourProcess
    }

    /// Tells the other ranks where this rank's page is, and on which machine.
    static func announce(_ page: RecordPage, of rank: Int, in store: Store) throws {
        try store.set(key(rank), "\(machine) \(page.address)")
    }

    /// Finds the other ranks that have announced themselves; each does before others can know of it, so none comes later.
    init(name: String, rank: Int, worldSize: Int, page: RecordPage, store: Store, sharesPages: Bool) throws {
        self.name = name
        self.rank = rank
        self.worldSize = worldSize
        self.page = page
        var neighbours: [Neighbour] = []
        var distant: [Int] = []
        for other in 0..<worldSize where other != rank {
            let key = Self.key(other)
            guard try store.contains(key) else { continue }
            let parts = try store.text(key).split(separator: " ", maxSplits: 1)
            if sharesPages, parts.count == 2, parts[0] == Self.machine, let page = RecordPage(at: String(parts[1])) {
                neighbours.append(Neighbour(rank: other, page: page, process: NeighbourProcess(page.owner)))
            } else {
                distant.append(other)
            }
        }
        self.neighbours = neighbours
        remote = distant.isEmpty ? nil : RemoteRecords(ranks: distant, rank: rank, store: try store.clone())
    }

    /// The key under which a rank announces its page.
    static func key(_ rank: Int) -> String { "lockstep/records/\(rank)" }

    /// How many collectives this rank has entered.
    var count: Int { Int(page.latest) }

    /// Ranks of this package, other than this one.
    var peers: [Int] { (neighbours.map(\.rank) + (remote?.ranks ?? [])).sorted() }

    // MARK: On the thread that enters a collective

    /// Records a collective.
    ///
    /// - Returns: why it must not start, if so.
    func enter(_ collective: ct_collective) -> DistributedError? {
        guard let own = CollectiveRecord(collective) else { return nil }
        if let place = restriction.withLock({ $0 }) {
            let others = ranksInWords((0..<worldSize).filter { $0 != rank })
            let error = DistributedError(
                .notOnAllRanks,
                "\(own.operation) called inside \(place): rank \(rank) alone runs this, so \(others) will never enter it. "
                    + "Call it outside, on all ranks.")
            refusal.withLock { $0 = error }
            return error
        }
        guard collective.sequence > 0 else { return nil }
        page.enter(collective, checksum: own.checksum)
        timeline.enter(collective)
        for neighbour in neighbours {
            if let difference = difference(own, neighbour.rank, neighbour.page.record(collective.sequence)) {
                return difference
            }
        }
        return nil
    }

    /// Why the last collective was refused that only this rank would have entered; once.
    func takeRefusal() -> DistributedError? {
        refusal.withLock { refusal in
            defer { refusal = nil }
            return refusal
        }
    }

    /// Records that a collective has ended; called on any thread.
    ///
    /// - Parameter error: what c10d says, if it failed.
    func leave(_ sequence: UInt64, error: String?) {
        timeline.leave(sequence)
        if sequence > 0 { page.leave(sequence, error == nil ? .completed : .failed) }
        guard let error else { return }
        let record = page.record(sequence)
        // Of a monitored barrier rank 0 alone knows who is missing.
        if record?.operation == .monitoredBarrier, rank != 0 { return }
        let operation = record.map { "\($0), collective #\(sequence) of \(name)" } ?? "a transfer in \(name)"
        let lost = Loss(sequence: sequence, error: DistributedError(operation, saying: error))
        loss.withLock { $0 = $0 ?? lost }
    }

    /// Runs `body` while every collective is refused, because other ranks do not run it.
    func refusingCollectives<Result>(in place: String, _ body: () throws -> Result) rethrows -> Result {
        let before = restriction.withLock { old in
            defer { old = place }
            return old
        }
        defer { restriction.withLock { $0 = before } }
        return try body()
    }

    // MARK: On the watchdog's thread, or after a failure

    /// Compares this rank's records with all others', and reads what they say.
    ///
    /// - Returns: why the group must end, if so: what some rank has found, rather than what came of it.
    func inspect() -> DistributedError? {
        if let cause = reportedCause { return cause }
        if let difference = differenceFromNeighbours() { return difference }
        return remote?.inspect(self) ?? reported.first ?? lossExplained() ?? lostRank()
    }

    private var reported: [DistributedError] { neighbours.compactMap { $0.page.failure }.map(Self.reported) }

    /// Whether another rank has published a failure that names its cause.
    var knowsCause: Bool { reportedCause != nil || remote?.knowsCause == true }

    private var reportedCause: DistributedError? { reported.first { !$0.isConsequence } }

    /// The collective that has failed here, with what is known of all ranks.
    ///
    /// A rank that dies closes its connections a little before the system shows that it has ended, so that is waited for.
    private func lossExplained() -> DistributedError? {
        guard let loss = loss.withLock({ $0 }) else { return nil }
        let deadline = loss.time.advanced(by: .milliseconds(200))
        let others = neighbours.filter { $0.page.owner != page.owner }
        while loss.error.code == .connectionLost, !others.isEmpty, ContinuousClock.now < deadline,
            reported.isEmpty, !others.contains(where: { $0.process.state.hasEnded })
        {
            Thread.sleep(forTimeInterval: 0.005)
        }
        return reportedCause ?? explained(loss.error, at: loss.sequence)
    }

    /// Finds out why a collective has failed: runs `inspect`, or lets the watchdog do that where it takes time.
    ///
    /// - Parameters:
    ///   - inspect: what may end the group.
    ///   - isFound: whether the group has ended.
    func lookForCauses(_ inspect: () -> Void, until isFound: () -> Bool) {
        guard remote != nil else { return inspect() }
        // A store that hangs must not hold up this thread as it holds up the watchdog's.
        let deadline = ContinuousClock.now.advanced(by: .seconds(1))
        while !isFound(), ContinuousClock.now < deadline, loss.withLock({ $0 != nil }) {
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    private func differenceFromNeighbours() -> DistributedError? {
        for neighbour in neighbours {
            let from = comparedUpTo.withLock { $0[neighbour.rank] ?? 0 }
            let to = min(page.latest, neighbour.page.latest)
            guard to > from else { continue }
            let first = max(from + 1, to >= UInt64(RecordPage.slotCount) ? to - UInt64(RecordPage.slotCount) + 1 : 1)
            for sequence in first...to {
                guard let own = page.record(sequence) else { continue }
                if let difference = difference(own, neighbour.rank, neighbour.page.record(sequence)) {
                    return difference
                }
            }
            comparedUpTo.withLock { $0[neighbour.rank] = to }
        }
        return nil
    }

    /// Whether another rank has asked which parameters got a gradient since this was read last.
    func takeQuestion() -> Bool {
        let counts = neighbours.map { ($0.rank, $0.page.questions) }
        let distant = remote?.questions ?? [:]
        return answeredQuestions.withLock { answered in
            var isAsked = false
            for (rank, count) in counts + distant.map({ ($0.key, $0.value) }) where count > answered[rank, default: 0] {
                answered[rank] = count
                isAsked = true
            }
            return isAsked
        }
    }

    /// Asks the other ranks which parameters got a gradient there.
    func ask() { page.ask() }

    /// Tells the other ranks what this one has entered, without waiting for the watchdog.
    func publish() { remote?.publish(self) }

    /// Tells the other ranks of this machine, and this process, why this group has failed.
    func tell(_ failure: DistributedError) {
        standingAtFailure.withLock { $0 = standing }
        page.fail("\(failure.code)\u{1}\(failure.message)")
        GroupsOfThisProcess.tellFailure(failure.message)
    }

    /// Which rank the others wait for or waited for when the group failed, as one line; nil where there is none.
    package var holdUp: String? { standingAtFailure.withLock { $0 } ?? standing }

    /// The failure that another rank has published.
    static func reported(_ text: String) -> DistributedError {
        let parts = text.split(separator: "\u{1}", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return DistributedError(.failed, text) }
        let code = DistributedError.Code(named: parts[0]) ?? .failed
        return DistributedError(code, parts[1])
    }

    private func difference(
        _ own: CollectiveRecord, _ otherRank: Int, _ other: CollectiveRecord?
    ) -> DistributedError? {
        guard let other, other != own else { return nil }
        let sides = neighbours.compactMap { neighbour in
            neighbour.page.record(UInt64(own.sequence)).map { (neighbour.rank, "\($0)", neighbour.page.activity?.text) }
        }
        return CollectiveDifference(
            group: name, sequence: own.sequence, [(rank, "\(own)", page.activity?.text)] + sides
        ).error
    }

    /// What tells machines, and containers with files of their own, apart.
    private static let machine: String = {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + "/" + space
    }()
}
