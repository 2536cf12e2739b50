import RunFiles

extension JSON {
    /// A row of the list.
    init(_ row: RunRow) {
        self = [
            "name": .text(row.name), "program": .text(row.program), "state": .text(row.condition.rawValue),
            "step": JSON(row.digest.step), "epoch": JSON(row.digest.epoch), "seconds": JSON(row.digest.seconds),
            "loss": Self.named(row.digest.loss), "accuracy": Self.named(row.digest.bestAccuracy),
            "metrics": JSON(row.metrics), "ranks": .whole(row.rankCount),
            "troubled": .list(row.troubledRanks.map(JSON.whole)), "changed": JSON(row.changed),
            "loading": .flag(row.isLoading), "metricsVersion": .whole(row.metricsVersion),
            "detailVersion": .whole(row.detailVersion), "evaluationVersion": .whole(row.evaluationVersion),
        ]
    }

    /// A number, or the text for one that is not finite.
    static func named(_ value: Double?) -> JSON {
        guard let value, !value.isFinite else { return JSON(value) }
        return .text(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
    }

    /// The points of a metric of a run.
    init(_ curve: Curve, run: String, metric: String, smoothed: Curve?) {
        self = [
            "run": .text(run), "metric": .text(metric), "count": .whole(curve.count), "steps": .steps(curve.steps),
            "values": .values(curve.values), "notFinite": .steps(curve.notFinite),
            "smoothed": smoothed.map { ["steps": .steps($0.steps), "values": .values($0.values)] } ?? .null,
        ]
    }

    /// A run, all but its points.
    init(_ detail: RunDetail, now: Double) {
        self = [
            "run": JSON(detail.row), "now": .number(now), "ranks": .list(detail.ranks.map { JSON($0) }),
            "failure": detail.failure.map { ["lines": JSON($0.lines), "exitCode": JSON($0.exitCode)] } ?? .null,
            "configuration": detail.configuration.map { JSON($0) } ?? .null,
            "summary": detail.summary.map { JSON($0) } ?? .null,
            "logs": .list(detail.logs.map { ["name": .text($0.name), "size": .whole($0.size)] }),
        ]
    }

    private init(_ rank: RunDetail.Rank) {
        let (start, status) = (rank.log.start, rank.log.status)
        self = [
            "rank": .whole(rank.rank), "state": .text(rank.state.condition.rawValue), "note": .text(rank.state.note),
            "straggling": JSON(rank.straggling), "host": JSON(start?.host), "pid": JSON(start?.pid),
            "device": JSON(start?.device), "threads": JSON(start?.threads), "started": JSON(start?.time),
            "time": JSON(rank.log.lastTime), "step": JSON(status?.step), "epoch": JSON(status?.epoch),
            "batch": JSON(status?.batch), "phase": JSON(status?.phase),
            "samplesPerSecond": JSON(status?.samplesPerSecond), "memory": JSON(status?.memory),
            "peakMemory": JSON(status?.peakMemory), "lastWords": JSON(rank.lastWords),
            "steps": .list(
                rank.log.steps.map { step in
                    [
                        "step": .whole(step.step), "begin": JSON(step.begin),
                        "phases": .list(StepPhase.allCases.map { .number(step.phases[$0]) }),
                    ]
                }),
        ]
    }

    /// A value as it was read.
    init(_ value: StoredValue) {
        self =
            switch value {
            case .number(let number, _): .number(number)
            case .text(let text): .text(text)
            case .flag(let flag): .flag(flag)
            case .list(let values): .list(values.map { JSON($0) })
            case .object(let fields): .object(fields.map { ($0.name, JSON($0.value)) })
            case .none: .null
            }
    }
}
