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

    private let page: RecordPage
    /// The other ranks' pages on this machine.
    private let neighbours: [(rank: Int, page: RecordPage)]
    /// Lockstep's ranks on other machines.
    private let remote: RemoteRecords?
    private let comparedUpTo = Mutex<[Int: UInt64]>([:])
    private let answeredQuestions = Mutex<[Int: UInt64]>([:])
    private let restriction = Mutex<String?>(nil)
    private let refusal = Mutex<DistributedError?>(nil)
    /// The first collective that failed here, for reasons that nobody has found yet.
    private let loss = Mutex<DistributedError?>(nil)

    /// Tells the other ranks where this rank's page is, and on which machine.
    static func announce(_ page: RecordPage, of rank: Int, in store: Store) throws {
        try store.set(key(rank), "\(machine) \(page.address)")
    }

    /// Finds the other ranks that have announced themselves; each does before it connects, so none comes later.
    init(name: String, rank: Int, worldSize: Int, page: RecordPage, store: Store, sharesPages: Bool) throws {
        self.name = name
        self.rank = rank
        self.worldSize = worldSize
        self.page = page
        var neighbours: [(rank: Int, page: RecordPage)] = []
        var distant: [Int] = []
        for other in 0..<worldSize where other != rank {
            let key = Self.key(other)
            guard try store.contains(key) else { continue }
            let parts = try store.text(key).split(separator: " ", maxSplits: 1)
            if sharesPages, parts.count == 2, parts[0] == Self.machine, let page = RecordPage(at: String(parts[1])) {
                neighbours.append((other, page))
            } else {
                distant.append(other)
            }
        }
        self.neighbours = neighbours
        remote = distant.isEmpty ? nil : RemoteRecords(ranks: distant, rank: rank, store: try store.clone())
    }

    /// The key under which a rank announces its page.
    private static func key(_ rank: Int) -> String { "lockstep/records/\(rank)" }

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

    /// Keeps why a collective has failed; called on any thread when one has ended.
    ///
    /// - Parameter error: what c10d says, if it failed.
    func leave(_ sequence: UInt64, error: String?) {
        guard let error else { return }
        let record = page.record(sequence)
        // Of a monitored barrier rank 0 alone knows who is missing.
        if record?.operation == .monitoredBarrier, rank != 0 { return }
        let operation = record.map { "\($0), collective #\(sequence) of \(name)" } ?? "a transfer in \(name)"
        let lost = DistributedError(operation, saying: error).adding(whereabouts(at: sequence))
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
        let reported = neighbours.compactMap { $0.page.failure }.map(Self.reported)
        if let cause = reported.first(where: { !$0.isConsequence }) { return cause }
        if let difference = differenceFromNeighbours() { return difference }
        return remote?.inspect(own: page, group: name) ?? reported.first ?? loss.withLock { $0 }
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

    /// What is known of the ranks that a collective waited for in vain.
    private func whereabouts(at sequence: UInt64) -> [String] {
        neighbours.compactMap { neighbour in
            let latest = neighbour.page.latest
            if neighbour.page.ownerHasEnded { return "rank \(neighbour.rank) has ended, after collective #\(latest)" }
            guard latest < sequence else { return nil }
            let last = neighbour.page.record(latest).map { ", \($0)" } ?? ""
            return "rank \(neighbour.rank) has not entered it"
                + (latest == 0 ? ", nor any other" : "; the last that it entered is #\(latest)\(last)")
        }
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
    func publish() { remote?.publish(page) }

    /// Tells the other ranks why this group has failed.
    func publish(_ failure: DistributedError) {
        page.fail("\(failure.code)\u{1}\(failure.message)")
        remote?.publish(page)
    }

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
        return CollectiveDifference(
            group: name, sequence: own.sequence, (rank, "\(own)"), (otherRank, "\(other)")
        ).error
    }

    /// What tells machines, and containers with files of their own, apart.
    private static let machine: String = {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + "/" + space
    }()
}
