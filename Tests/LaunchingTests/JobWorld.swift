import Foundation
import RankProtocol
import Testing

@testable import Launching

/// A rank of a world in which every order of events is tried.
enum RankScript: String, CaseIterable, Sendable {
    case finishes, foreignEndsWell, waits, ignoresSIGTERM, cannotBeKilled
    case reportsConsequence
    case fails, exits, isKilled, leaves

    /// Whether this is a reason for the job to fail.
    var cause: JobOutcome.FailureCause? {
        switch self {
        case .fails: .reported("cause")
        case .exits: .exited(code: 7)
        case .isKilled: .killed(signal: 9)
        case .leaves: .endedEarly
        default: nil
        }
    }

    static let causes = allCases.filter { $0.cause != nil }

    /// The code with which the job exits if this is its cause.
    var exitCode: Int32 {
        switch self {
        case .fails: 3
        case .exits: 7
        case .isKilled: 137
        default: 1
        }
    }

    /// What happens to the rank, in this order, unless it is stopped.
    func events(of rank: Int) -> [Job.Event] {
        func failure(_ text: String, _ isConsequence: Bool) -> Job.Event {
            // The higher the rank, the earlier it notices.
            let time = Date(timeIntervalSince1970: 100 - Double(rank))
            return .message(
                .failed(RankFailure(rank: rank, message: text, isConsequence: isConsequence, time: time)), from: rank)
        }
        return switch self {
        case .finishes: [.message(.finished, from: rank), .exited(rank: rank, .exited(0))]
        case .foreignEndsWell, .leaves: [.exited(rank: rank, .exited(0))]
        case .waits, .ignoresSIGTERM, .cannotBeKilled: []
        case .reportsConsequence: [failure("consequence \(rank)", true), .exited(rank: rank, .exited(1))]
        case .fails: [failure("cause", false), .exited(rank: rank, .exited(3))]
        case .exits: [.exited(rank: rank, .exited(7))]
        case .isKilled: [.exited(rank: rank, .signalled(9))]
        }
    }
}

/// A job, and all that may happen to it next.
struct JobWorld {
    private(set) var job: Job
    private(set) var outcome: JobOutcome?
    private(set) var finishes = 0
    private(set) var history: [Job.Event] = []
    private let scripts: [RankScript]
    /// What is still to happen to each rank.
    private var upcoming: [[Job.Event]]
    private var deadlines: [Job.Deadline] = []
    private var signals: Int
    /// The ranks of each machine, and those of the machines that may be lost.
    private let nodes: [Range<Int>]
    private var losable: [Int]
    /// Whether time passes at any moment, or only when nothing else can happen.
    private let isTimeErratic: Bool

    init(
        _ scripts: [RankScript], signals: Int = 0, isTimeErratic: Bool = false, nodes: [Range<Int>]? = nil,
        losable: [Int] = []
    ) {
        self.scripts = scripts
        self.signals = signals
        self.isTimeErratic = isTimeErratic
        self.nodes = nodes ?? [scripts.indices]
        self.losable = losable
        job = Job(nodes: self.nodes)
        upcoming = scripts.indices.map { scripts[$0].events(of: $0) }
        for rank in scripts.indices where scripts[rank] != .foreignEndsWell && scripts[rank] != .exits {
            happen(.message(.started(pid: Int32(rank)), from: rank))
        }
    }

    /// Goes through every order of events, and calls `body` at the end of each.
    func explore(_ body: (JobWorld) -> Void) {
        let next = possible
        guard !next.isEmpty else { return body(self) }
        for event in next {
            var world = self
            world.take(event)
            world.happen(event)
            world.explore(body)
        }
    }

    /// The ending that the history leads to, by going through it from the start.
    var expectedEnding: JobOutcome.Ending? {
        var consequences: [Int] = []
        var gone: Set<Int> = []
        for event in history {
            // Ranks notice in the order of falling numbers.
            let suspect = consequences.max().map {
                JobOutcome.Ending.failed(rank: $0, cause: .reported("consequence \($0)"))
            }
            switch event {
            case .signalled(let number, let node): return .interrupted(signal: number, node: node)
            case .nodeFailed(let node, let reason): return .nodeFailed(node, reason: reason)
            case .message(.failed(let failure), let rank) where failure.isConsequence: consequences.append(rank)
            case .message(.failed(let failure), let rank): return .failed(rank: rank, cause: .reported(failure.message))
            case .message: break
            case .deadlinePassed(let deadline): if deadline == .cause, let suspect { return suspect }
            case .exited(let rank, let status):
                gone.insert(rank)
                let isMissed = !consequences.isEmpty || gone.count < scripts.count
                switch status {
                case .exited(0) where scripts[rank] == .leaves && isMissed:
                    return .failed(rank: rank, cause: .endedEarly)
                case .exited(7): return .failed(rank: rank, cause: .exited(code: 7))
                case .signalled(9): return .failed(rank: rank, cause: .killed(signal: 9))
                default: if gone.count == scripts.count { return suspect ?? .completed }
                }
            }
        }
        return nil
    }

    /// Events go on after the job has finished, and must not make it finish again.
    private var possible: [Job.Event] {
        var events = upcoming.compactMap(\.first)
        if signals > 0, outcome == nil { events.append(.signalled(2)) }
        if outcome == nil { events += losable.map { .nodeFailed($0, reason: "lost") } }
        if isTimeErratic || events.isEmpty, outcome == nil { events += deadlines.map { .deadlinePassed($0) } }
        return events
    }

    private mutating func take(_ event: Job.Event) {
        switch event {
        case .message(_, let rank), .exited(let rank, _): upcoming[rank].removeFirst()
        case .signalled: signals -= 1
        case .nodeFailed(let node, _):
            // Nothing more is heard of its ranks.
            losable.removeAll { $0 == node }
            for rank in nodes[node] { upcoming[rank] = [] }
        case .deadlinePassed(let deadline): deadlines.removeAll { $0 == deadline }
        }
    }

    private mutating func happen(_ event: Job.Event) {
        history.append(event)
        for action in job.handle(event) {
            switch action {
            case .terminate(let ranks, _):
                for rank in ranks where upcoming[rank].isEmpty && scripts[rank] == .waits && isHeard(rank) {
                    die(rank, of: 15)
                }
            case .kill(let ranks):
                for rank in ranks where scripts[rank] != .cannotBeKilled && isHeard(rank) { die(rank, of: 9) }
            // These ranks have nothing to save.
            case .save(let ranks): Issue.record("\(ranks) are to save")
            case .forward(let signal, let ranks): Issue.record("\(ranks) are to get \(signal)")
            case .start(let deadline): deadlines.append(deadline)
            case .finish(let outcome):
                finishes += 1
                self.outcome = outcome
            }
        }
    }

    /// Whether the rank's machine has not been lost.
    private func isHeard(_ rank: Int) -> Bool {
        !history.contains { event in
            if case .nodeFailed(let node, _) = event { nodes[node].contains(rank) } else { false }
        }
    }

    private mutating func die(_ rank: Int, of signal: Int32) {
        upcoming[rank] = [.exited(rank: rank, .signalled(signal))]
    }
}
