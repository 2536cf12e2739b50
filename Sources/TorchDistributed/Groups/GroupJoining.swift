import CTorch
import Foundation
import HostNetwork
import Synchronization
import Torch

/// The coming together of a group: waits for all ranks, then for the connections, and says what keeps them from it.
///
/// Gloo waits on a thread of its own, which cannot be interrupted while it connects. This one watches, and may give up
/// before it; that thread then ends at its own time limit.
struct GroupJoining {
    let store: Store
    let rank: Int
    let worldSize: Int
    let device: DataDevice
    /// Each rank's machine, where those of a machine share memory as well; nil where Gloo carries everything.
    let machines: [Int]?
    /// Where the ranks of this machine connect to this one; needed with `machines`.
    let place: MemoryPlace?
    /// How long to wait until all ranks have come.
    let timeout: Duration

    /// How long connections may take once all ranks have come.
    private static let connectLimit = Duration.seconds(60)
    /// From when on connections take so long that something may be in their way.
    private static let suspicion = Duration.seconds(3)

    /// Connects the ranks.
    ///
    /// - Returns: the group, which the caller releases.
    /// - Throws: ``DistributedError``: what is in the way, on all ranks.
    func connect(_ link: ObserverLink) throws -> ct_group {
        let ports = DataPorts(store: store, rank: rank, worldSize: worldSize, own: device.endpoint)
        if worldSize > 1 { try ports.publish() }
        let attempt = try JoiningThread(self, limit: min(timeout, Self.connectLimit), link)
        do {
            return try watch(attempt, ports)
        } catch {
            attempt.giveUp()
            throw error
        }
    }

    private func watch(_ attempt: JoiningThread, _ ports: DataPorts) throws -> ct_group {
        let failure = JoiningFailure(store: store, worldSize: worldSize, readerKey: DataPorts.key)
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var notices = WaitingNotices()
        var complete: ContinuousClock.Instant?
        var check: DataPortCheck?
        while true {
            if let outcome = attempt.outcome(within: .milliseconds(250)) {
                switch outcome {
                case .connected(let group): return group
                case .failed(let words): throw try cause(of: words, ports, failure)
                }
            }
            if let told = failure.told() { throw told }
            let missing = attempt.missing
            if missing.isEmpty {
                let start = complete ?? .now
                complete = start
                guard start.duration(to: .now) > Self.suspicion else { continue }
                let running = check ?? DataPortCheck(ports)
                check = running
                if let error = running.step() { throw failure.tell(error) }
            } else {
                guard ContinuousClock.now < deadline else { throw failure.tell(timedOut(missing)) }
                let isFirstHere = (0..<worldSize).first { !missing.contains($0) } == rank
                if isFirstHere, store.server?.isAgents != true {
                    notices.say(joinedInWords(worldSize, missing: missing), until: deadline)
                }
            }
        }
    }

    private func timedOut(_ missing: [Int]) -> DistributedError {
        DistributedError(
            .timedOut,
            "connecting \(worldSize) ranks: \(joinedInWords(worldSize, missing: missing)) after "
                + "\(Double(timeout.milliseconds) / 1000) s\n  \(advice)")
    }

    private var advice: String {
        "This is rank \(rank) of \(worldSize); check that all ranks were started, each with a number of its own, and that "
            + "they reach each other."
    }

    /// The error for words of Gloo's: what another rank knows, what this one finds out, or the words themselves.
    private func cause(of words: String, _ ports: DataPorts, _ failure: JoiningFailure) throws -> DistributedError {
        if let told = failure.told() { return told }
        if let error = ports.differentFamilies() { return failure.tell(error) }
        let check = DataPortCheck(ports)
        let deadline = ContinuousClock.now.advanced(by: .seconds(7))
        while !check.isDone, ContinuousClock.now < deadline {
            if let error = check.step() { return failure.tell(error) }
            if let told = failure.told() { return told }
            Thread.sleep(forTimeInterval: 0.05)
        }
        let error = DistributedError("connecting \(worldSize) ranks", saying: words)
        return failure.tell(DistributedError(error.code, "\(error.message)\n  \(advice)"))
    }
}
