import Glibc
import RankProtocol

/// One generation of a job as node 0's launcher runs it: from the start of all ranks to the end of the last.
///
/// It turns what ranks, machines and the system tell into events, and does what ``Job`` answers: here for this machine's
/// ranks, and by a message for those of the others.
struct Generation {
    /// How long a job waits for what it does not wait for forever.
    typealias Limits = [Job.Deadline: Duration]

    /// The time in which other machines tell what is known of their ranks when the job is over.
    private static let accountLimit = Duration.seconds(5)

    private let number: Int
    private let events: EventPipe
    private let limits: Limits
    private let nodeNames: [String]
    private let nodeRanks: [Range<Int>]
    private var local: LocalRanks
    private var job: Job
    private var deadlines: [Job.Deadline: ContinuousClock.Instant] = [:]
    private var outcome: JobOutcome?
    private var accounts: [Int: RankAccount] = [:]
    private var concluded: Set<Int> = [0]

    /// Starts this machine's ranks.
    ///
    /// - Parameters:
    ///   - setting: who they are, and what they are told.
    ///   - nodes: the name and the ranks of each machine.
    ///   - launcher: what to start.
    ///   - events: told of what happens to them.
    /// - Throws: ``LaunchError``; then none is left running.
    init(
        _ setting: RankSetting, nodes: [(name: String, ranks: Range<Int>)], _ launcher: Launcher,
        telling events: EventPipe
    ) throws {
        number = setting.plan.generation
        self.events = events
        nodeNames = nodes.count > 1 ? nodes.map(\.name) : []
        nodeRanks = nodes.map(\.ranks)
        limits = launcher.limits
        job = Job(nodes: nodeRanks)
        local = try LocalRanks(setting, launcher, telling: events)
    }

    /// Waits for the end, and returns how it ended and the report's lines.
    mutating func run(with nodes: inout OtherNodes) -> (JobOutcome, report: [String]) {
        let outcome = supervise(&nodes)
        nodes.broadcast(.conclude(generation: number))
        local.awaitOutput(events)
        awaitAccounts(&nodes)
        accounts.merge(local.accounts) { $1 }
        var report = JobReport.lines(for: outcome, accounts, nodes: nodeNames, logs: local.logPath)
        if local.isLineOpen, let first = report.first { report[0] = "\n\(first)" }
        return (outcome, report)
    }

    private mutating func supervise(_ nodes: inout OtherNodes) -> JobOutcome {
        while true {
            events.wait(orFor: local.controls, until: deadlines.values.min())
            for record in events.records() {
                for event in local.events(of: record) { handle(event, nodes) }
                if let signal = record.request { handle(.signalled(signal), nodes) }
            }
            for event in local.messages() { handle(event, nodes) }
            for event in nodes.events() { take(event, nodes) }
            for (deadline, instant) in deadlines where instant <= .now {
                deadlines[deadline] = nil
                handle(.deadlinePassed(deadline), nodes)
            }
            if let outcome { return outcome }
        }
    }

    /// Waits until the other machines have told what they know of their ranks, but not for long.
    private mutating func awaitAccounts(_ nodes: inout OtherNodes) {
        let limit = ContinuousClock.now + Self.accountLimit
        while !concluded.isSuperset(of: nodeRanks.indices), limit > .now {
            events.wait(orFor: [], until: limit)
            _ = events.records()
            for event in nodes.events() { take(event, nodes) }
        }
    }

    private mutating func take(_ event: OtherNodes.Event, _ nodes: OtherNodes) {
        switch event {
        case .complete, .incomplete: break
        case .lost(let node, let reason):
            concluded.insert(node)
            handle(.nodeFailed(node, reason: "its launcher is lost: \(reason)"), nodes)
        case .message(let message, let node): take(message, node, nodes)
        }
    }

    private mutating func take(_ message: NodeMessage, _ node: Int, _ nodes: OtherNodes) {
        switch message {
        case .rankMessage(let message, let rank, number) where nodeRanks[node].contains(rank):
            handle(.message(message, from: rank), nodes)
        case .rankExited(let rank, let status, number) where nodeRanks[node].contains(rank):
            handle(.exited(rank: rank, status), nodes)
        case .cannotStart(let reason, number): handle(.nodeFailed(node, reason: reason), nodes)
        case .signalled(let signal): handle(.signalled(signal, node: node), nodes)
        case .account(let account, let rank, number) where nodeRanks[node].contains(rank): accounts[rank] = account
        case .concluded(number): concluded.insert(node)
        // Of an earlier generation, or of somebody else's ranks.
        case .join, .rankMessage, .rankExited, .cannotStart, .account, .concluded, .reached: break
        }
    }

    private mutating func handle(_ event: Job.Event, _ nodes: OtherNodes) {
        for action in job.handle(event) {
            switch action {
            case .save(let ranks):
                local.save(ranks)
                forward(ranks, nodes) { .save($0, generation: number) }
            case .forward(let signal, let ranks):
                local.forward(signal, to: ranks)
                forward(ranks, nodes) { .forward(signal, $0, generation: number) }
            case .terminate(let ranks, let reason):
                local.terminate(ranks, reason: reason)
                forward(ranks, nodes) { .terminate($0, reason: reason, generation: number) }
            case .kill(let ranks):
                local.kill(ranks)
                forward(ranks, nodes) { .kill($0, generation: number) }
            case .start(let deadline): deadlines[deadline] = .now + limits[deadline, default: .seconds(5)]
            case .finish(let outcome): self.outcome = outcome
            }
        }
    }

    /// Sends each other machine what concerns its ranks.
    private func forward(_ ranks: [Int], _ nodes: OtherNodes, _ message: ([Int]) -> CoordinatorMessage) {
        for (node, range) in nodeRanks.enumerated().dropFirst() {
            let own = ranks.filter(range.contains)
            if !own.isEmpty { nodes.send(message(own), to: node) }
        }
    }
}
