import RunFiles

/// A run and the files that it grows by; of one task at a time.
final class FollowedRun {
    let name: String
    private let folder: RunsFolder

    /// The metrics without their points, for the list.
    private(set) var digest = MetricsFollower(keepsPoints: false)
    /// The metrics with their points, while somebody looks at them.
    private(set) var points: MetricsFollower?
    private(set) var ranks: [Int: RankFollower] = [:]
    private(set) var configuration = SmallFile()
    private var summaryFile = SmallFile()
    private var summary: RunSummary?
    private var evaluation: FileSignature?
    private var outcome = SmallFile()
    private var failure: RunFailure?
    private var metricsVersion = 0
    private var detailVersion = 0
    private var evaluationVersion = 0

    /// When somebody last asked for this run, and when its files were last looked at, in seconds since 1970.
    var watched = 0.0
    private(set) var polled = 0.0

    init(_ name: String, in folder: RunsFolder) {
        self.name = name
        self.folder = folder
    }

    /// Whether all that there is has been read.
    var isAtEnd: Bool { digest.isAtEnd && ranks.values.allSatisfy(\.isAtEnd) }

    /// Whether somebody looks at this run.
    func isWatched(_ now: Double) -> Bool { now - watched < 30 }

    /// Whether it is worth looking at this run now.
    func isDue(_ now: Double) -> Bool {
        !isAtEnd || isWatched(now) || now - (changed ?? 0) < 60 || now - polled >= 5
    }

    /// Reads what is new, at most a megabyte of each file.
    func poll(_ now: Double) {
        polled = now
        var hasDetail = false
        if configuration.refresh(folder.open(name, ["config.json"])) { hasDetail = true }
        if summaryFile.refresh(folder.open(name, ["summary.json"])) {
            summary = summaryFile.value.map(RunSummary.init)
            hasDetail = true
        }
        if outcome.refresh(folder.open(name, ["ranks", "outcome.json"])) {
            failure = outcome.value.flatMap(RunFailure.init)
            hasDetail = true
        }
        for number in rankNumbers() {
            if ranks[number, default: RankFollower()].read(folder.open(name, ["ranks", "rank-\(number).jsonl"])) {
                hasDetail = true
            }
        }
        if hasDetail { detailVersion += 1 }
        // It may be large, and is read when somebody asks for it.
        let newest = folder.open(name, ["evaluation.json"])?.status.map(FileSignature.init)
        if newest != evaluation {
            evaluation = newest
            evaluationVersion += 1
        }
        if digest.read(folder.open(name, ["metrics.jsonl"])) { metricsVersion += 1 }
        if points != nil { readPoints() }
    }

    /// Reads a piece of the points.
    ///
    /// - Returns: Whether all of them have been read.
    @discardableResult
    func readPoints() -> Bool {
        if points == nil { points = MetricsFollower(keepsPoints: true) }
        _ = points?.read(folder.open(name, ["metrics.jsonl"]))
        return points?.isAtEnd ?? true
    }

    /// Lets the points go; the digest stays.
    func forgetPoints() { points = nil }

    private func rankNumbers() -> [Int] {
        let found = folder.list(name, "ranks").compactMap(RankLine.rank)
        for number in ranks.keys where !found.contains(number) { ranks[number] = nil }
        return found
    }

    // MARK: What it is now

    /// The numbers of the ranks of the last start, ascending.
    var currentRanks: [Int] {
        let newest = ranks.values.compactMap(\.log.start).max { $0.time ?? 0 < $1.time ?? 0 }
        return ranks.keys.filter { $0 < newest?.worldSize ?? .max }.sorted()
    }

    /// When the last rank started.
    private var newestStart: Double { ranks.values.compactMap { $0.log.start?.time }.max() ?? 0 }

    /// The launcher's report, where it is of the last start.
    var currentFailure: RunFailure? {
        failure.flatMap { $0.time ?? .infinity >= newestStart ? $0 : nil }
    }

    /// The summary, where it is of the last start.
    var currentSummary: RunSummary? { summaryFile.time ?? 0 >= newestStart ? summary : nil }

    /// How a rank is now.
    func state(of rank: Int, _ now: Double) -> RankState {
        let log = ranks[rank]?.log ?? RankLog()
        return RankState(
            rank: rank, log, process: ProcessPresence.of(log.start), failure: currentFailure, newestStart: newestStart,
            now: now)
    }

    /// When the run last changed, in seconds since 1970.
    private var changed: Double? {
        [digest.changed, ranks.values.compactMap(\.log.lastTime).max()].compactMap(\.self).max()
    }

    /// The run's row in the list.
    func row(_ now: Double) -> RunRow {
        let states = currentRanks.map { (rank: $0, condition: state(of: $0, now).condition) }
        var row = RunRow(name: name)
        row.program = configuration.value?["program"]?.text ?? ""
        row.digest = digest.log.digest
        row.metrics = digest.log.names
        row.rankCount = states.count
        row.troubledRanks = states.filter { $0.condition.isFailure || $0.condition == .stalled }.map(\.rank)
        row.changed = changed
        row.isLoading = !isAtEnd
        row.condition = RunCondition(
            ranks: states.map(\.condition), hasFailed: currentFailure != nil,
            hasSummary: currentSummary != nil, metricsAge: digest.changed.map { now - $0 })
        row.metricsVersion = metricsVersion
        row.detailVersion = detailVersion
        row.evaluationVersion = evaluationVersion
        return row
    }
}
