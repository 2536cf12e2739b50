import Logging
import RunFiles
import TorchDistributed
import Tracking

/// A trace in the making: since when, and the steps that begin in it.
struct ProfileInProgress {
    /// The batches that pass before it begins, since the first ones are no measure.
    static let warmUp = 5

    /// When it began, on this rank's clock.
    let start: UInt64
    /// When steps ended.
    var boundaries: [(step: Int, moment: UInt64)] = []
}

extension Accelerator {
    /// Begins or ends the trace of `--profile`; all ranks call it, between two batches.
    func profile() throws {
        guard let count = options.profile, rehearsal == nil else { return }
        if let profile = loop.profile {
            loop.profile?.boundaries.append((step, TrainingTime.now))
            if profile.boundaries.count + 1 >= count { try endProfile() }
        } else if loop.batchesSeen == ProfileInProgress.warmUp {
            try ranks.meet()
            loop.profile = ProfileInProgress(start: TrainingTime.now)
            loop.time.marks = [(.other, TrainingTime.now)]
            ranks.group?.timeline.begin()
        }
    }

    /// Writes the trace, if one is in the making.
    func endProfile() throws {
        guard let profile = loop.profile else { return }
        loop.profile = nil
        let end = TrainingTime.now
        let marks = loop.time.marks ?? []
        loop.time.marks = nil
        var trace = Trace(rank: rank, host: Self.host, start: profile.start)
        for (index, mark) in marks.enumerated() {
            let next = index + 1 < marks.count ? marks[index + 1].moment : end
            // What ranks agree on between steps is shown as such; nothing to see where it takes no time.
            trace.add(
                mark.phase == .communication ? "waiting for gradients" : mark.phase.name, on: .training,
                from: mark.moment, to: next)
        }
        var begin = profile.start
        for (step, moment) in profile.boundaries {
            trace.add("step \(step)", on: .steps, from: begin, to: moment)
            begin = moment
        }
        for entry in ranks.group?.timeline.end() ?? [] {
            trace.add(entry.name, on: .collectives, from: entry.begin, to: entry.end)
        }
        let own = trace.events.joined(separator: ",\n")
        let all = try ranks.group?.exchange("profile", own) ?? [own]
        guard isMainProcess else { return }
        try runFolder.write(Trace.file(all.compactMap(\.self)), to: "profile.json")
        let batches = counted(profile.boundaries.count, "batch", plural: "batches")
        logger.info(
            "the profile of \(batches) is in \(runFolder.path(of: "profile.json")); ui.perfetto.dev and chrome://tracing open it"
        )
    }
}
