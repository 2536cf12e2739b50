import Foundation

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
            "detailVersion": .whole(row.detailVersion),
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
            "outcome": detail.outcome.map { ["lines": JSON($0.lines), "exitCode": .whole($0.exitCode)] } ?? .null,
            "configuration": Self.file(detail.configuration), "summary": Self.file(detail.summary),
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
                        "step": .whole(step.step), "begin": .number(step.begin),
                        "phases": .list(step.phases.map(JSON.number)),
                    ]
                }),
        ]
    }

    /// The contents of a file where they are JSON.
    private static func file(_ bytes: [UInt8]?) -> JSON {
        guard let bytes, (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil else { return .null }
        return .raw(bytes)
    }
}
