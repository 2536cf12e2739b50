import Foundation

/// Where a rank is with respect to one collective, as another rank sees it.
struct RankStanding: Sendable {
    enum Progress: Sendable {
        case notEntered
        /// Entered, and not completed.
        case waiting
        case completed
    }

    let rank: Int
    let progress: Progress
    /// The last collective that it completed, of any number.
    let lastCompleted: UInt64?
    /// What the system says of its process; nil on other machines.
    let process: NeighbourProcess.State?
    /// What it has said of its end.
    let ending: RecordPage.Ending
    /// Whether its own work has failed, rather than the group because of another rank.
    let hasFailed: Bool
    /// What it has said that it does, and for how long.
    let activity: (text: String, seconds: Double)?
    /// How long nothing has been heard of it; nil on this machine.
    var silence: Double?

    /// Whether it will not go on by itself.
    var isHalted: Bool {
        switch process {
        case .stopped, .traced, .killed, .exited, .gone: true
        case .running, .waitingForDisk, nil: ending != .none || hasFailed
        }
    }

    /// `rank 2 last completed #6, never entered #7; it is stopped (T), in training step 3`.
    func description(of sequence: UInt64) -> String {
        let last =
            lastCompleted.map { "last completed #\($0)" }
            ?? (silence == nil ? "has completed none" : "has told of none")
        let progress =
            switch progress {
            case .notEntered: ", never entered #\(sequence)"
            case .waiting: ", entered #\(sequence)"
            case .completed: ""
            }
        return "rank \(rank) \(last)\(progress)" + (whatItDoes.map { "; \($0)" } ?? "")
    }

    private var whatItDoes: String? {
        let doing = activity.map { activity in
            activity.text + (activity.seconds >= 1 ? " for \(Self.text(activity.seconds))" : "")
        }
        let afterwards = activity.map { ", \($0.text)" } ?? ""
        switch (process, ending) {
        case (.running, .none) where hasFailed, (nil, .none) where hasFailed: return "it has failed\(afterwards)"
        case (.running, .none), (nil, .none):
            guard let silence, silence > 3 else { return doing.map { "it is \($0)" } }
            return "nothing was heard of it for \(Self.text(silence))"
                + (activity.map { ", since it was \($0.text)" } ?? "")
        case (.stopped, _): return "it is stopped (T)\(afterwards)"
        case (.traced, _): return "it is stopped by a debugger (t)\(afterwards)"
        case (.waitingForDisk, _): return "it waits for a disk or network file system (D)\(afterwards)"
        case (_, .exited): return "its program called exit\(afterwards)"
        case (_, .finished): return "its work is finished, and it has ended"
        case (_, .failed): return "it has failed\(afterwards)"
        case (.killed(let signal), .none):
            return "it was killed\(signal.map { " by signal \($0)" } ?? "")\(afterwards)"
        case (.exited(let code), .none): return "it has ended with code \(code)\(afterwards)"
        case (.gone, .none): return "it was killed, or ended without a word\(afterwards)"
        }
    }

    private static func text(_ seconds: Double) -> String { String(format: "%.\(seconds < 100 ? 1 : 0)f s", seconds) }
}

/// How a collective stands on all ranks of which something is known, as one line.
struct CollectiveStanding: CustomStringConvertible {
    let collective: CollectiveRecord
    let standings: [RankStanding]

    /// The ranks named one by one; of more it is said how many there are.
    private static let namedCount = 4

    /// The ranks that keep the others waiting: those that will not go on by themselves, else those that have not come.
    private var guilty: [RankStanding] {
        let halted = standings.filter(\.isHalted)
        return halted.isEmpty ? standings.filter { $0.progress == .notEntered } : halted
    }

    /// Whether some rank keeps the others waiting.
    var isHeldUp: Bool { !guilty.isEmpty }

    /// `all-reduce #7 (bucket 0, 25.6 MB float32): waiting: ranks 0, 1, 3; rank 2 last completed #6, never entered #7; …`.
    var description: String {
        let guilty = guilty
        let others = standings.filter { other in !guilty.contains { $0.rank == other.rank } }
        var parts: [String] = []
        for (progress, word) in [
            (RankStanding.Progress.waiting, "waiting"), (.completed, "completed"), (.notEntered, "not there yet"),
        ] {
            let ranks = others.filter { $0.progress == progress }.map(\.rank)
            if !ranks.isEmpty { parts.append("\(word): \(ranksInWords(ranks))") }
        }
        parts += guilty.prefix(Self.namedCount).map { $0.description(of: UInt64(collective.sequence)) }
        if guilty.count > Self.namedCount {
            parts.append("likewise \(ranksInWords(guilty.dropFirst(Self.namedCount).map(\.rank)))")
        }
        return "\(collective.summary): \(parts.joined(separator: "; "))"
    }
}
