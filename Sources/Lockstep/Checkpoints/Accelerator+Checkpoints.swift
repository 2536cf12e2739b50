import Checkpointing
import Foundation
import Launching
import Logging
import OrderedCollections
public import Torch
import Tracking

extension Accelerator {
    /// Makes something a part of the training's checkpoints, beside the models, optimizers, schedulers and loaders that
    /// were prepared.
    ///
    /// In a run that goes on from a checkpoint it has its state at once.
    /// ```swift
    /// let average = RunningMean()
    /// try accelerator.register(average, as: "average")
    /// ```
    ///
    /// - Parameters:
    ///   - value: what is saved and restored.
    ///   - name: its name in checkpoints: letters, digits, `-`, `_` and `.`, and a letter or digit first.
    /// - Throws: `TrainingError` where the checkpoint has no state of that name; what the value's `load` throws.
    public func register(_ value: any Stateful, as name: String) throws {
        guard Checkpoint.isPartName(name), name != Resumption.generators else {
            throw TrainingError(
                .invalidOption,
                "register(_:as: \"\(name)\"): the name becomes a file's. Use letters, digits, `-`, `_` and `.`, a letter or "
                    + "digit first; `\(Resumption.generators)` is taken.")
        }
        loop.state.add(value, as: name)
        try loop.resumption?.restore(loop.state)
    }

    /// Takes up the checkpoint that this run goes on from, and gets ready to write others.
    func beginCheckpoints(opened: CheckpointFolder.Opened?) throws {
        let chosen = options.checkpoints
        if let resumption = try Resumption(opened, ranks) {
            try requireSameConfiguration(as: resumption)
            resumption.allowsOtherSchedules = chosen.force
            loop.resumption = resumption
            loop.epoch = resumption.position.epoch
            if isMainProcess { logger.info("resumes \(resumption.summary(worldSize: worldSize))") }
        }
        guard let interval = chosen.checkpointEvery else { return }
        var writer: CheckpointWriter?
        if isMainProcess {
            let folder = CheckpointFolder(at: runFolder.checkpointsPath)
            for notice in try folder.sweep() { logger.info("\(notice)") }
            writer = CheckpointWriter(folder, keep: chosen.keepPolicy)
        }
        loop.saver = TrainingSaver(
            interval, after: loop.resumption?.position.step ?? 0, writer: writer,
            response: chosen.onCheckpointFailure
        ) { [logger] in logger.warning("\($0)") }
        StopRequest.listen(to: RankProcess.isRunning ? [SIGUSR1] : [SIGUSR1, SIGTERM])
        RankProcess.announceSaving()
    }

    /// Throws where the program's options are not those of the checkpoint.
    private func requireSameConfiguration(as resumption: Resumption) throws {
        let launch = Set(ProgramSettings(of: options.launch).entries.map(\.name))
        let differences = ConfigurationComparison(
            saved: resumption.position.configuration, current: configurationTexts, launch: launch
        ).differences
        guard !differences.isEmpty else { return }
        let list = differences.map { "  \($0)" }.joined(separator: "\n")
        guard options.checkpoints.force else {
            throw TrainingError(
                .cannotResume,
                "this training is another one than that of \(resumption.path):\n\(list)\nGive the same options, or "
                    + "--force to go on with these.")
        }
        if isMainProcess { logger.warning("resumes with other options than the checkpoint's:\n\(list)") }
    }

    /// Does what has been agreed between the ranks, and saves the training if it is time; after each batch.
    func afterBatch() throws {
        if let error = loop.takeDeferredError() { throw error }
        if loop.areSuspended { loop.suspendOptimizers(false) }
        try compareRanks()
        let wishes = try loop.checkIn.afterStep(
            ranks,
            wishing: CheckIn.Wishes(
                saves: isMainProcess && loop.saver?.isTimeOver == true, stops: StopRequest.isMade,
                hasAnomaly: loop.anomalies.pending != nil))
        if wishes.hasAnomaly { try settleAgreedAnomalies() }
        guard let saver = loop.saver else { return }
        saver.agreed.saves = saver.agreed.saves || wishes.saves
        saver.agreed.stops = saver.agreed.stops || wishes.stops
        guard saver.notices(endOf: step) else { return }
        // With the first step of this run the optimizer has its state.
        if saver.stepCount == 1 { saver.writer?.reserve(for: Checkpoint(step: step, parts: loop.state.dictionaries)) }
        guard saver.isDue(after: step, isLast: hasReachedStepLimit) else { return }
        let isStopping = saver.agreed.stops && !hasReachedStepLimit
        try saver.report()
        saver.mustSucceed = isStopping
        try saveCheckpoint(isInEpoch: true)
        guard isStopping else { return }
        try finishCheckpoints()
        throw TrainingStopped(step: step)
    }

    /// Saves the training if it is time, after an epoch with all that the program does in it.
    ///
    /// An epoch that `--max-steps` has cut short has been saved in its middle.
    func afterEpoch(isLast: Bool) {
        for place in loop.state.places { place.inProgress = nil }
        guard let saver = loop.saver, !loop.hasDeferredError, loop.isEpochWhole,
            saver.isDue(afterEpoch: loop.epoch, isLast: isLast)
        else { return }
        // A sequence cannot throw: the error is thrown by what comes next in the training.
        loop.deferError { try saveCheckpoint(isInEpoch: false) }
    }

    /// Waits for the checkpoint that is being written; called at the end of the training.
    func finishCheckpoints() throws {
        if let error = loop.takeDeferredError() { throw error }
        if isMainProcess, let left = loop.resumption?.left, !left.isEmpty {
            logger.warning("nothing took these states of the checkpoint: \(left.joined(separator: ", "))")
        }
        guard let saver = loop.saver else { return }
        saver.writer?.wait()
        try saver.report()
    }

    /// Takes all of the training out and has it written; the loop waits for the copy of the tensors alone.
    private func saveCheckpoint(isInEpoch: Bool) throws {
        guard let saver = loop.saver, try !settleAnomalies() else { return }
        note("saving a checkpoint")
        defer { note("after saving a checkpoint") }
        let buckets = try loop.synchronizers.map { try $0.bucketLayout() }
        let generators = try ranks.gather(Generator.default.state().unsqueeze(dim: 0))
        saver.hasSaved()
        guard let writer = saver.writer else { return }
        try saver.report()
        flushLog()
        let metricsLength: Int
        do {
            metricsLength = try metrics?.flushedByteCount() ?? 0
        } catch {
            // The lines are kept and written later; a checkpoint without them would not go on with the whole record.
            return try saver.handle(error, at: step)
        }
        let position = TrainingPosition(
            step: step, epoch: epoch, isInEpoch: isInEpoch, loaders: loop.state.places.map(\.position),
            worldSize: worldSize, schedules: loop.state.schedules, buckets: buckets,
            metricsByteCount: metricsLength, configuration: configurationTexts)
        var parts = loop.state.dictionaries
        parts[Resumption.generators] = ["cpu": generators]
        writer.save(
            Checkpoint(
                step: step, parts: parts, record: position.record,
                metrics: isInEpoch ? [:] : loop.evaluation.map { ["loss": $0.loss, "accuracy": $0.accuracy] } ?? [:],
                finiteParts: loop.state.finiteParts))
    }

    /// Makes sure, before the first step, that there is room for checkpoints.
    func requireSpaceForCheckpoints() throws {
        guard let writer = loop.saver?.writer else { return }
        // An optimizer's state comes with its first step: Adam's is twice the size of the parameters.
        let whole = Checkpoint(step: step, parts: loop.state.dictionaries).byteCount
        let weights = loop.models.reduce(0) {
            $0 + Checkpoint(step: step, parts: ["model": $1.stateDictionary()]).byteCount
        }
        try writer.folder.requireSpace(for: max(whole, 3 * weights))
    }

    /// The options as texts, by name.
    var configurationTexts: [String: String] {
        Dictionary(uniqueKeysWithValues: settings.entries.map { ($0.name, $0.value.text) })
    }
}
