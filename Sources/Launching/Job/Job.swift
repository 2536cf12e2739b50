import Glibc
import RankProtocol

/// What is known of a job's ranks, and what follows from it.
///
/// The launcher tells it events and does what it answers; it has no sockets, processes or clocks of its own.
///
/// A rank's messages have to be told before its exit. The first cause decides: a failure that is not another's
/// consequence, an exit with a code other than 0 or by a signal, or the end of a rank of ours that has not said that it
/// finished, or the loss of a machine. Then the other ranks are asked to end and, when a grace has passed, killed; what
/// they report after that is no cause. A consequence that comes before its cause waits for it; when none comes in time,
/// the earliest consequence is named instead.
///
/// Who asks a rank to end by a signal may be asking all processes of the job: a cluster's manager that cancels it, or the
/// system that goes down. So the launcher's own signal is waited for too before such an end is a failure.
///
/// SIGTERM and SIGUSR1 to the launcher first ask ranks that can to save their training and end, all after the same step;
/// a second signal, or the end of a time limit, ends them without.
struct Job: Sendable {
    /// What happens to a job.
    enum Event: Sendable, Hashable {
        case message(RankMessage, from: Int)
        /// A rank's process has ended, and no message of it will follow.
        case exited(rank: Int, ProcessEnding)
        /// The launcher of a node got a signal that asks it to end.
        case signalled(Int32, node: Int = 0)
        /// A node could not start its ranks, or nothing is heard of its launcher any more; it ends its ranks by itself.
        case nodeFailed(Int, reason: String)
        case deadlinePassed(Deadline)
    }

    /// What is to be done.
    enum Action: Sendable, Hashable {
        /// Ask ranks to save their training and end.
        case save([Int])
        /// Pass a signal on to ranks.
        case forward(Int32, [Int])
        /// Ask ranks to end.
        case terminate([Int], reason: String)
        /// End ranks without asking.
        case kill([Int])
        /// Tell ``Event/deadlinePassed(_:)`` when its time has passed.
        case start(Deadline)
        /// The job is over; nothing follows.
        case finish(JobOutcome)
    }

    /// What a job waits for, but not forever.
    enum Deadline: Sendable, Hashable, CaseIterable {
        /// The cause of a consequence.
        case cause
        /// The end of ranks that were asked to save their training.
        case saving
        /// The end of ranks that were asked to end.
        case termination
        /// The end of ranks that were killed.
        case death
    }

    private struct Rank {
        var hasStarted = false
        var hasFinished = false
        var savesWhenAsked = false
        /// The step after which it has saved its training and stopped.
        var stoppedStep: Int?
        var consequence: RankFailure?
        var status: ProcessEnding?
        /// Whether we asked it to end or killed it, so that its end is our doing.
        var wasStopped = false
        /// Whether nothing will be heard of it any more.
        var isLost = false

        var isAlive: Bool { status == nil && !isLost }
    }

    private enum Phase {
        case running
        /// Consequences were reported, and their cause is waited for.
        case awaitingCause
        /// The ranks were asked, by a signal to the launcher of a node, to save their training.
        case saving(signal: Int32, node: Int)
        case ending(JobOutcome.Ending, killed: Bool)
        case over
    }

    private var ranks: [Rank]
    private let nodes: [Range<Int>]
    /// The first rank that somebody else has asked to end, and the signal.
    private var asked: (rank: Int, signal: Int32)?
    private var phase = Phase.running

    /// A job whose ranks have all been started.
    ///
    /// - Parameter nodes: the ranks of each machine, in order and from 0.
    init(nodes: [Range<Int>]) {
        self.nodes = nodes
        ranks = Array(repeating: Rank(), count: nodes.last?.upperBound ?? 0)
    }

    /// A job on one machine.
    init(worldSize: Int) {
        self.init(nodes: [0..<worldSize])
    }

    /// Takes an event in, and returns what to do, in order.
    mutating func handle(_ event: Event) -> [Action] {
        if case .over = phase { return [] }
        switch event {
        case .message(.started, let rank):
            ranks[rank].hasStarted = true
            return []
        case .message(.finished, let rank):
            ranks[rank].hasFinished = true
            return []
        case .message(.savesWhenAsked, let rank):
            ranks[rank].savesWhenAsked = true
            return []
        case .message(.stopped(let step), let rank):
            ranks[rank].stoppedStep = step
            return []
        case .message(.failed(let failure), let rank): return handle(failure, from: rank)
        case .exited(let rank, let status): return handle(status, of: rank)
        case .signalled(let number, let node): return handle(signal: number, at: node)
        case .nodeFailed(let node, let reason): return handle(failureOf: node, reason)
        case .deadlinePassed(let deadline): return handle(deadline)
        }
    }

    /// The signals with which processes are asked to end.
    private static let requests: Set<Int32> = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private var alive: [Int] { ranks.indices.filter { ranks[$0].isAlive } }

    private mutating func handle(_ failure: RankFailure, from rank: Int) -> [Action] {
        // What the others have seen of the one that failed stands beside its cause.
        if isEnding, failure.isConsequence { ranks[rank].consequence = ranks[rank].consequence ?? failure }
        guard !isEnding, asked == nil else { return [] }
        guard failure.isConsequence else { return end(.failed(rank: rank, cause: .reported(failure.message))) }
        ranks[rank].consequence = ranks[rank].consequence ?? failure
        guard isUndisturbed else { return [] }
        phase = .awaitingCause
        return [.start(.cause)]
    }

    /// Whether nothing has gone wrong so far.
    private var isUndisturbed: Bool {
        switch phase {
        case .running, .saving: true
        case .awaitingCause, .ending, .over: false
        }
    }

    private mutating func handle(_ status: ProcessEnding, of rank: Int) -> [Action] {
        ranks[rank].status = status
        if isEnding { return alive.isEmpty ? conclude() : [] }
        if asked != nil { return [] }
        guard let cause = cause(in: status, of: rank) else { return alive.isEmpty ? conclude() : [] }
        guard case .killed(let number) = cause, Self.requests.contains(number) else {
            return end(.failed(rank: rank, cause: cause))
        }
        asked = (rank, number)
        if case .awaitingCause = phase { return [] }
        phase = .awaitingCause
        return [.start(.cause)]
    }

    /// What a rank's exit says about why the job fails, if anything.
    private func cause(in status: ProcessEnding, of rank: Int) -> JobOutcome.FailureCause? {
        if ranks[rank].consequence != nil { return nil }
        switch status {
        case .exited where ranks[rank].stoppedStep != nil: return nil
        case .signalled(let number): return .killed(signal: number)
        case .exited(0):
            // A foreign program says nothing, and may end when it likes. With consequences about, they are of this.
            let isMissed = if case .awaitingCause = phase { true } else { !alive.isEmpty }
            return ranks[rank].hasStarted && !ranks[rank].hasFinished && isMissed ? .endedEarly : nil
        case .exited(let code): return .exited(code: code)
        }
    }

    private mutating func handle(signal number: Int32, at node: Int) -> [Action] {
        switch phase {
        case .ending(_, let killed): return killed ? [] : kill()
        case .running where [SIGTERM, SIGUSR1].contains(number) && alive.allSatisfy({ ranks[$0].savesWhenAsked }):
            phase = .saving(signal: number, node: node)
            return [.save(alive), .start(.saving)]
        // What a program that knows nothing of it makes of the signal is its own affair.
        case .running where number == SIGUSR1: return [.forward(number, alive)]
        case .running, .awaitingCause, .saving, .over: return end(.interrupted(signal: number, node: node))
        }
    }

    private mutating func handle(failureOf node: Int, _ reason: String) -> [Action] {
        guard nodes.indices.contains(node) else { return [] }
        for rank in nodes[node] { ranks[rank].isLost = true }
        guard isEnding else { return end(.nodeFailed(node, reason: reason)) }
        return alive.isEmpty ? conclude() : []
    }

    private mutating func handle(_ deadline: Deadline) -> [Action] {
        switch (deadline, phase) {
        case (.saving, .saving(let signal, let node)): end(.interrupted(signal: signal, node: node))
        case (.cause, .awaitingCause): likelyCause.map { end($0) } ?? []
        case (.termination, .ending(_, killed: false)): kill()
        case (.death, .ending(_, killed: true)): conclude()
        default: []
        }
    }

    /// The end of a training that was saved before its time.
    private var stop: JobOutcome.Ending? {
        guard let step = ranks.compactMap(\.stoppedStep).first else { return nil }
        guard case .saving(let signal, let node) = phase else { return .stopped(step: step, signal: nil, node: 0) }
        return .stopped(step: step, signal: signal, node: node)
    }

    private var isEnding: Bool { if case .ending = phase { true } else { false } }

    /// The end of a rank that was asked to, else the consequence that was noticed first, as the cause that it stands for.
    private var likelyCause: JobOutcome.Ending? {
        if let asked { return .failed(rank: asked.rank, cause: .killed(signal: asked.signal)) }
        return earliestConsequence().map { .failed(rank: $0.rank, cause: .reported($0.message)) }
    }

    /// What the first rank to notice has seen of the one that failed, as one line.
    private func observation(without failed: Int?) -> String? {
        earliestConsequence(without: failed).flatMap { $0.message.split(separator: "\n").first.map(String.init) }
    }

    /// The consequence that was noticed first, that of one rank aside.
    private func earliestConsequence(without excluded: Int? = nil) -> RankFailure? {
        ranks.indices.filter { $0 != excluded }.compactMap { ranks[$0].consequence }
            .min { ($0.time, $0.rank) < ($1.time, $1.rank) }
    }

    /// Decides how the job ends, and asks the ranks to.
    private mutating func end(_ ending: JobOutcome.Ending) -> [Action] {
        phase = .ending(ending, killed: false)
        let (reason, asked) =
            switch ending {
            // The one that failed is on its way out, and may have last words to write.
            case .failed(let rank, _): ("rank \(rank) failed", alive.filter { $0 != rank })
            case .nodeFailed(let node, _): ("node \(node) failed", alive)
            case .interrupted(let number, _): ("the launcher got \(signalName(number))", alive)
            case .completed, .stopped: ("", [])
            }
        guard !alive.isEmpty else { return conclude() }
        for rank in asked { ranks[rank].wasStopped = true }
        return (asked.isEmpty ? [] : [.terminate(asked, reason: reason)]) + [.start(.termination)]
    }

    private mutating func kill() -> [Action] {
        guard case .ending(let ending, _) = phase else { return [] }
        phase = .ending(ending, killed: true)
        for rank in alive { ranks[rank].wasStopped = true }
        return [.kill(alive), .start(.death)]
    }

    private mutating func conclude() -> [Action] {
        let ending =
            switch phase {
            case .ending(let ending, _): ending
            default: likelyCause ?? stop ?? .completed
            }
        phase = .over
        return [.finish(outcome(ending))]
    }

    private func outcome(_ ending: JobOutcome.Ending) -> JobOutcome {
        var failed: Int?
        let exitCode: Int32
        switch ending {
        case .completed: exitCode = 0
        case .stopped: exitCode = JobOutcome.stoppedCode
        case .interrupted(let number, _): exitCode = 128 + number
        case .nodeFailed: exitCode = 1
        case .failed(let rank, _):
            failed = rank
            exitCode =
                switch ranks[rank].status {
                case .exited(let code): max(1, code)
                case .signalled(let number): ranks[rank].wasStopped ? 1 : 128 + number
                case nil: 1
                }
        }
        let stopped = ranks.indices.filter { rank in
            let endedWell = ranks[rank].status == .exited(0) && !ranks[rank].wasStopped
            return exitCode != 0 && exitCode != JobOutcome.stoppedCode && rank != failed && !endedWell
                && !ranks[rank].isLost
        }
        return JobOutcome(
            ending: ending, exitCode: exitCode, stoppedRanks: stopped, abandonedRanks: alive,
            observation: observation(without: failed))
    }
}
