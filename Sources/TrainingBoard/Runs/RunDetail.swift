import RunFiles

/// All that is known of a run beside its points.
struct RunDetail: Sendable {
    /// A rank as it is shown.
    struct Rank: Sendable {
        let rank: Int
        let log: RankLog
        let state: RankState
        let straggling: String?
        let lastWords: [String]
    }

    /// A file of `logs`.
    struct LogFile: Sendable, Equatable {
        let name: String
        let size: Int
    }

    let row: RunRow
    let ranks: [Rank]
    let failure: RunFailure?
    let configuration: StoredValue?
    let summary: RunSummary?
    let logs: [LogFile]

    init(_ run: FollowedRun, in folder: RunsFolder, _ now: Double) {
        row = run.row(now)
        let numbers = run.currentRanks
        let logs = numbers.map { run.ranks[$0]?.log ?? RankLog() }
        let states = numbers.map { run.state(of: $0, now) }
        // A rank that has gone does not hold the others up.
        let marks = Stragglers.marks(
            zip(logs, states).map { log, state in
                state.condition == .running || state.condition == .stalled
                    ? Stragglers.Rank(
                        step: log.status?.step, stepsPerSecond: log.stepsPerSecond, ownSeconds: log.ownSecondsPerStep)
                    : Stragglers.Rank()
            })
        let files = folder.list(run.name, "logs").filter { LogName($0) != nil }
        ranks = numbers.indices.map { index in
            Rank(
                rank: numbers[index], log: logs[index], state: states[index], straggling: marks[index],
                lastWords: Self.lastWords(numbers[index], files, run.name, folder))
        }
        failure = run.currentFailure
        configuration = run.configuration.value
        summary = run.currentSummary
        self.logs = files.compactMap { name in
            folder.open(run.name, ["logs", name]).map { LogFile(name: name, size: $0.size ?? 0) }
        }
    }

    /// The last lines of standard error, or of standard output where nothing was written there.
    private static func lastWords(_ rank: Int, _ files: [String], _ run: String, _ folder: RunsFolder) -> [String] {
        for name in ["rank-\(rank).err", "rank-\(rank).out"] where files.contains(name) {
            let words = folder.open(run, ["logs", name]).map { LogTail.lastWords($0) } ?? []
            if !words.isEmpty { return words }
        }
        return []
    }
}

/// The name of a file that a rank's output goes to: `rank-N.out` or `rank-N.err`.
struct LogName: Sendable, Equatable {
    let rank: Int
    let isError: Bool

    init?(_ name: String) {
        guard name.hasPrefix("rank-"), name.hasSuffix(".out") || name.hasSuffix(".err"),
            let rank = Int(name.dropFirst(5).dropLast(4)), rank >= 0, name.utf8.count < 24
        else { return nil }
        (self.rank, isError) = (rank, name.hasSuffix(".err"))
    }

    var text: String { "rank-\(rank).\(isError ? "err" : "out")" }
}
