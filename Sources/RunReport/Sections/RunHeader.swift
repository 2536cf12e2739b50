import Glibc
import RunFiles

/// What stands at the top of a run's report.
struct RunHeader {
    let run: RunRecord

    var markup: Markup {
        """
        <p class="eyebrow">Training report · \(run.name)</p>
        <div class="title"><h1>\(run.program)</h1>\(OutcomeBadge(run.outcome).markup)</div>
        <p class="soft">\(circumstances)</p>
        <dl class="tiles">\(tiles.map(\.markup))</dl>
        """
    }

    /// Where it ran, in one line.
    private var circumstances: String {
        let ranks = max(run.setting("world-size")?.integer ?? 1, run.ranks.count, run.summary?.ranks.count ?? 0)
        let hosts = Set(run.ranks.compactMap(\.start?.host) + (run.summary?.ranks ?? []).compactMap(\.host))
        let device = run.setting("device")?.text ?? run.ranks.first?.start?.device
        let threads = run.setting("threads")?.integer ?? run.ranks.first?.start?.threads
        let batch = run.globalBatchSize.map { size in
            ranks > 1 ? "global batch \(NumberText.grouped(size))" : "batches of \(NumberText.grouped(size))"
        }
        return [
            started, NumberText.count(ranks, "rank") + (hosts.count > 1 ? " on \(hosts.count) hosts" : ""),
            device.map { "device \($0)" }, threads.map { NumberText.count($0, "thread") + (ranks > 1 ? " each" : "") },
            batch, run.setting("libtorch")?.text.map { "LibTorch \($0)" },
        ].compactMap { $0 }.joined(separator: " · ")
    }

    private var started: String? {
        guard let time = run.ranks.compactMap(\.firstStart).min() else { return nil }
        return LocalTime.text(time).map { "started \($0)" }
    }

    private struct Tile {
        let name: String
        let value: String
        var detail: String?

        var markup: Markup {
            let detail: Markup = detail.map { "<small>\($0)</small>" } ?? .empty
            return "<div><dt>\(name)</dt><dd>\(value)\(detail)</dd></div>"
        }
    }

    private var tiles: [Tile] {
        let results = RunResults(run)
        var tiles: [Tile] = []
        if let accuracy = results.accuracy {
            let best = results.bestAccuracy.flatMap {
                $0 > accuracy ? "best \(NumberText.percent($0, digits: 2))" : nil
            }
            tiles.append(
                Tile(name: "Accuracy", value: NumberText.percent(accuracy, digits: 2), detail: best ?? "at the end"))
        }
        if let loss = results.evaluationLoss {
            tiles.append(Tile(name: "Evaluation loss", value: NumberText.plain(loss), detail: "at the end"))
        }
        if let loss = results.trainingLoss {
            tiles.append(Tile(name: "Training loss", value: NumberText.plain(loss), detail: results.trainingLossNote))
        }
        if let seconds = run.trainingSeconds {
            tiles.append(Tile(name: "Time", value: NumberText.duration(seconds), detail: results.stepTime))
        }
        if let rate = results.samplesPerSecond {
            tiles.append(
                Tile(name: "Throughput", value: NumberText.grouped(Int(clamping: rate)), detail: "samples a second"))
        }
        if let steps = results.steps {
            let epochs = run.metrics.epochs.last.map { "in \(NumberText.count($0.epoch, "epoch"))" }
            tiles.append(Tile(name: "Steps", value: NumberText.grouped(steps), detail: epochs))
        }
        if let memory = results.peakMemory {
            tiles.append(Tile(name: "Peak memory", value: NumberText.bytes(memory), detail: "of one rank"))
        }
        return tiles
    }
}

/// Points in time as people here write them.
enum LocalTime {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// Seconds since 1970 as `30 November 2026, 03:40`; nil for what is no time of a run.
    static func text(_ seconds: Double) -> String? {
        guard seconds > 0, seconds < 1e11 else { return nil }
        var time = time_t(seconds)
        var local = tm()
        localtime_r(&time, &local)
        guard months.indices.contains(Int(local.tm_mon)) else { return nil }
        let (hour, minute) = (local.tm_hour, local.tm_min)
        return "\(local.tm_mday) \(months[Int(local.tm_mon)]) \(local.tm_year + 1900), "
            + "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}

/// How a run ended, in a word and a colour.
struct OutcomeBadge {
    let outcome: RunRecord.Outcome

    init(_ outcome: RunRecord.Outcome) { self.outcome = outcome }

    /// The word.
    var word: String {
        switch outcome {
        case .finished: "finished"
        case .stopped: "stopped"
        case .failed: "failed"
        case .open: "no end recorded"
        }
    }

    var markup: Markup {
        switch outcome {
        case .finished: "<span class=\"badge finished\">✓ finished</span>"
        case .stopped: "<span class=\"badge stopped\">■ stopped</span>"
        case .failed: "<span class=\"badge failed\">✕ failed</span>"
        case .open: "<span class=\"badge\">no end recorded</span>"
        }
    }
}
