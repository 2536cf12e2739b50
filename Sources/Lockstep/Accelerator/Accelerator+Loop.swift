import Logging
import RunFiles
public import Torch
public import TorchData

extension Accelerator {
    /// The epochs to train, counted from 1: as many as named, or as `--max-steps` needs.
    ///
    /// ```swift
    /// for epoch in accelerator.epochs(5) { ... }
    /// ```
    public func epochs(_ count: Int) -> some Sequence<Int> {
        let position = loop.resumption?.position
        let done = position.map { $0.isInEpoch ? $0.epoch - 1 : $0.epoch } ?? 0
        return sequence(state: (epoch: done, batches: -1, isFirst: true)) { [self] state -> Int? in
            let isLast =
                if let stepLimit {
                    // An epoch without a batch would be followed by nothing else for ever.
                    step >= stepLimit || loop.time.batches <= state.batches
                } else {
                    state.epoch >= count
                }
            if !state.isFirst { afterEpoch(isLast: isLast) }
            if isLast { return nil }
            // What is left of an epoch that was interrupted may have no batch.
            state.batches = state.isFirst && position?.isInEpoch == true ? -1 : loop.time.batches
            state.epoch += 1
            loop.epoch = state.epoch
            if state.isFirst, position?.isInEpoch == false {
                loop.deferError { try loop.resumption?.restoreGenerators() }
            }
            state.isFirst = false
            loop.epochCount = stepLimit == nil ? count : nil
            return state.epoch
        }
    }

    /// The batches of one epoch, with the progress bar; ends early when `--max-steps` is reached.
    ///
    /// Asking for the next batch is the boundary between two steps.
    public func progress<D: Dataset>(_ loader: DataLoader<D>) -> TrainingBatches<D> {
        TrainingBatches(loader: loader, accelerator: self)
    }

    /// Computes the gradients of a loss; on several ranks they are the mean over all ranks afterwards.
    ///
    /// - Throws: `TorchError` when the loss is no scalar, or nothing that it was computed from requires gradients;
    ///   `DistributedError` for what went wrong between the ranks in the forward or the backward pass.
    public func backward(_ loss: Tensor) throws {
        guard worldSize == 1 || !loop.synchronizers.isEmpty else {
            throw TrainingError(
                .notPrepared,
                "backward: no model was prepared, so every rank would train one of its own. Pass the model to "
                    + "accelerator.prepare.")
        }
        note("in training step", step + 1, " (backward pass)")
        if loop.areSuspended { loop.suspendOptimizers(false) }
        loop.time.enter(.backward)
        if let weight = loop.backwardWeight { try loss.backward(weight: weight) } else { try loss.backward() }
        let end = TrainingTime.now
        if worldSize > 1, loop.isWholeStep {
            let waiting = loop.synchronizers.reduce(0) { $0 + $1.waitedNanoseconds }
            loop.time.reassign(waiting, to: .communication, at: end)
        }
        loop.time.enter(.optimizer, at: end)
        note("in training step", step + 1, " (after the backward pass)")
        try inspect(loss)
        if options.explainStep, !loop.hasExplained { try explainStep() }
    }

    /// The step with which training ends, where that is no matter of epochs.
    var stepLimit: Int? {
        rehearsal.map { (loop.resumption?.position.step ?? 0) + $0.steps } ?? options.maxSteps
    }

    var hasReachedStepLimit: Bool { stepLimit.map { step >= $0 } ?? false }

    fileprivate func beginEpoch(_ sizes: EpochBatchSizes, epoch: Int, from first: Int, isShare: Bool) throws {
        guard isShare else {
            throw TrainingError(
                .notPrepared,
                "progress: the loader was not prepared, so every rank would train on all samples. Pass it to "
                    + "accelerator.prepare.")
        }
        try ranks.requireAgreement(
            on: "the epoch", "epoch \(epoch) of the loader, \(sizes.batchCount) batches, after \(step) steps")
        try loop.resumption?.restoreGenerators()
        if let plan = loop.takePlan() {
            try requireSpaceForCheckpoints()
            if isMainProcess {
                let precision = options.precision == .float32 ? "" : ", \(options.precision.rawValue)"
                logger.info(
                    "\(device), \(counted(threadCount, "thread"))\(precision); \(plan); run folder \(runFolder.path)")
            }
        }
        loop.begin(sizes)
        guard isMainProcess else { return }
        let remaining = stepLimit.map { max(0, $0 - step) } ?? .max
        let last = min(sizes.batchCount, first + min(remaining, sizes.batchCount))
        var title = "Epoch \(max(1, loop.epoch))" + (loop.epochCount.map { "/\($0)" } ?? "")
        if worldSize > 1 { title += ", rank \(rank)" }
        display.begin(title, total: last, startingAt: first)
    }

    fileprivate func beginBatch(_ batch: Int, isFirst: Bool) throws {
        if let failure = ranks.group?.failure { throw failure }
        loop.beginBatch(batch)
        if loop.batchesSeen <= CommunicationAdvice.last { judgeCommunication() }
        if options.anomalies.onAnomaly == .skip { loop.keepBuffers() }
        if !isFirst { display.advance() }
        // The start and the first steps took memory that is not needed again.
        if loop.settles() { LibTorch.releaseUnusedMemory() }
        note("in training step", step + 1, " (forward pass)")
    }

    fileprivate func endEpoch(batches: Int) {
        if batches > 0 { display.advance() }
        note("after epoch", epoch)
        loop.endEpoch(batches: batches)
        flushLog()
        display.finish()
    }
}

/// The batches of an epoch of training.
public struct TrainingBatches<D: Dataset>: AsyncSequence {
    let loader: DataLoader<D>
    let accelerator: Accelerator

    /// Begins the epoch.
    public func makeAsyncIterator() -> Iterator {
        Iterator(loader, accelerator)
    }

    /// Hands out the batches one after another, on the accelerator's device.
    public struct Iterator: AsyncIteratorProtocol {
        private let batches: BatchIterator<D.Batch>
        private let accelerator: Accelerator
        private let sizes: EpochBatchSizes
        private let isShare: Bool
        private let place: TrainingState.Place?
        private let first: Int
        private var taken = 0
        private var hasBegun = false
        private var isEnded = false

        fileprivate init(_ loader: DataLoader<D>, _ accelerator: Accelerator) {
            sizes = EpochBatchSizes(
                batchCount: loader.batchCount, sampleCount: loader.sampleCount, batchSize: loader.batchSize)
            isShare = accelerator.worldSize == 1 || loader.sampler is DistributedSampler
            place = accelerator.loop.state.place(of: loader)
            batches = loader.makeAsyncIterator()
            first = batches.position
            self.accelerator = accelerator
        }

        /// The next batch; nil at the end of the epoch or when `--max-steps` is reached.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> D.Batch? {
            guard !isEnded else { return nil }
            try Task.checkCancellation()
            if hasBegun {
                accelerator.loop.time.enter(.other)
                accelerator.showProgress()
                try accelerator.profile()
                place?.inProgress = (batches.epoch, first + taken)
                try accelerator.afterBatch()
            } else {
                hasBegun = true
                accelerator.loop.time.beginEpoch(at: TrainingTime.now)
                try accelerator.beginEpoch(sizes, epoch: batches.epoch, from: first, isShare: isShare)
            }
            accelerator.note("loading the batch of training step", accelerator.step + 1)
            accelerator.loop.time.enter(.data)
            let next = accelerator.hasReachedStepLimit ? nil : try batches.next()
            accelerator.loop.time.enter(.forward)
            guard let batch = next else {
                isEnded = true
                try accelerator.settleAnomalies()
                place?.inProgress = nil
                accelerator.loop.isEpochWhole = first + taken == sizes.batchCount
                accelerator.endEpoch(batches: taken)
                return nil
            }
            try accelerator.beginBatch(first + taken, isFirst: taken == 0)
            taken += 1
            return moved(batch, to: accelerator.device)
        }
    }
}

@available(*, unavailable)
extension TrainingBatches.Iterator: Sendable {}

/// A batch on a device: tensors, and pairs of tensors, are moved; other types move their own.
func moved<Batch>(_ batch: Batch, to device: Device) -> Batch {
    guard device != .cpu else { return batch }
    switch batch {
    case let (inputs, targets) as (Tensor, Tensor): return (inputs.to(device), targets.to(device)) as? Batch ?? batch
    case let tensor as Tensor: return tensor.to(device) as? Batch ?? batch
    default: return batch
    }
}
