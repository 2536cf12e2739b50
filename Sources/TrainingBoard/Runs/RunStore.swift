/// All runs of a folder, read as they grow.
actor RunStore {
    let folder: RunsFolder
    private var runs: [String: FollowedRun] = [:]
    private var rows: [String: Stamped] = [:]
    private var removed: [(name: String, revision: Int)] = []
    /// Of changes up to this revision it is no longer known which runs went.
    private var forgotten = 0
    private var listed = -Double.infinity
    private var asked = -Double.infinity
    private var polled = -Double.infinity

    /// Goes up with every change of the list.
    private(set) var revision = 0

    /// So many points stay in memory, of the runs that were looked at last; eight bytes each.
    private let mostPoints: Int

    private struct Stamped {
        var row: RunRow
        var revision: Int
    }

    /// What of the list has changed since a revision.
    struct Changes: Sendable {
        let revision: Int
        let rows: [RunRow]
        let removed: [String]
        /// Whether the rows are the whole list.
        let isWhole: Bool
    }

    init(_ folder: RunsFolder, mostPoints: Int = 16 << 20) {
        self.folder = folder
        self.mostPoints = mostPoints
    }

    // MARK: Following

    /// Notes that somebody looks at the board.
    func noteInterest(_ now: Double) { asked = now }

    /// Whether to look for news now: always while somebody looks at the board, now and then otherwise.
    func isWorthPolling(_ now: Double) -> Bool { now - asked < 15 || now - polled >= 2 }

    /// Looks at the folder and at the runs that may have changed, and reads what is new in them.
    ///
    /// - Parameter now: Seconds since 1970.
    /// - Returns: Whether there is more to read at once: it takes turns with what has become new meanwhile.
    func poll(_ now: Double) async -> Bool {
        polled = now
        if now - listed >= 1 { list(now) }
        let clock = ContinuousClock()
        let turn = clock.now + .milliseconds(200)
        // Those that somebody looks at come first, then those that were not looked at for longest.
        var due = runs.values.filter { $0.isDue(now) }.sorted { one, other in
            (one.isWatched(now) ? 0 : 1, one.polled) < (other.isWatched(now) ? 0 : 1, other.polled)
        }[...]
        while clock.now < turn, !Task.isCancelled, let run = due.popFirst() {
            run.poll(now)
            publish(run, now)
            if !run.isAtEnd { due.append(run) }
            // Requests are answered between two pieces.
            await Task.yield()
        }
        limitPoints()
        return !due.isEmpty
    }

    private func list(_ now: Double) {
        listed = now
        let names = Set(folder.names())
        for name in names where runs[name] == nil {
            let run = FollowedRun(name, in: folder)
            runs[name] = run
            publish(run, now)
        }
        for name in runs.keys where !names.contains(name) {
            runs[name] = nil
            rows[name] = nil
            revision += 1
            removed.append((name, revision))
            if removed.count > 1000 {
                forgotten = removed[500].revision
                removed.removeFirst(501)
            }
        }
    }

    private func publish(_ run: FollowedRun, _ now: Double) {
        guard runs[run.name] === run else { return }
        let row = run.row(now)
        guard rows[run.name]?.row != row else { return }
        revision += 1
        rows[run.name] = Stamped(row: row, revision: revision)
    }

    /// Lets the points go that were not looked at for longest, until the rest fits.
    private func limitPoints() {
        let kept = runs.values.filter { $0.points != nil }.sorted { $0.watched > $1.watched }
        var total = 0
        for (index, run) in kept.enumerated() {
            total += run.points?.log.pointCount ?? 0
            if index > 0, total > mostPoints { run.forgetPoints() }
        }
    }

    /// How many points are in memory.
    var pointCount: Int { runs.values.reduce(0) { $0 + ($1.points?.log.pointCount ?? 0) } }

    // MARK: Answers

    /// What has changed since a revision; the whole list where there is none to go on from.
    func changes(since old: Int?) -> Changes {
        let isWhole = old.map { $0 > revision || $0 < forgotten } ?? true
        let since = isWhole ? -1 : old ?? -1
        return Changes(
            revision: revision,
            rows: rows.values.filter { $0.revision > since }.map(\.row).sorted { $0.name < $1.name },
            removed: isWhole ? [] : removed.filter { $0.revision > since && runs[$0.name] == nil }.map(\.name),
            isWhole: isWhole)
    }

    /// Whether there is a run of this name.
    func contains(_ name: String) -> Bool { runs[name] != nil }

    /// Notes that somebody looks at a run.
    func watch(_ name: String, _ now: Double) { runs[name]?.watched = now }

    /// The points of a run, read to their end.
    ///
    /// - Returns: Nil where there is no such run.
    func metrics(of name: String, _ now: Double) async -> MetricsLog? {
        guard let run = runs[name] else { return nil }
        run.watched = now
        while !run.readPoints() {
            await Task.yield()
            if Task.isCancelled { return nil }
        }
        limitPoints()
        return run.points?.log
    }

    /// All that is known of a run beside its points; nil where there is no such run.
    func detail(of name: String, _ now: Double) -> RunDetail? {
        guard let run = runs[name] else { return nil }
        run.watched = now
        return RunDetail(run, in: folder, now)
    }
}
