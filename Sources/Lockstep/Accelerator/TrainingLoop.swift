import Foundation
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// Where the training is: belongs to the training thread.
final class TrainingLoop {
    /// The epoch in progress, counted from 1; 0 before the first.
    var epoch = 0
    /// How many epochs there will be, where that is known.
    var epochCount: Int?
    /// The batch in progress, counted from 0 in each epoch.
    var batch = 0
    /// How many samples each batch of the epoch in progress has on this rank.
    var batchSizes = EpochBatchSizes()
    /// What a loss counts for in the window of batches that is being accumulated; nil outside.
    var lossWeight: Double?
    /// Whether the next backward pass completes the gradients of a step.
    var isWholeStep = true
    /// The prepared models.
    var models: [Module] = []
    /// Whether `--explain-step` has had its answer.
    var hasExplained = false
    /// What keeps the prepared models equal on all ranks.
    var synchronizers: [GradientSynchronizer] = []
    /// How many loaders were prepared.
    var loaderCount = 0
    /// What the first line of the run says of the prepared loaders.
    var plan: [String] = []
    /// What of the training is saved.
    var state = TrainingState()
    /// What saves it; nil where nothing does.
    var saver: TrainingSaver?
    /// What the ranks agree on between steps.
    var checkIn = CheckIn()
    /// What went wrong with the numbers.
    var anomalies = AnomalyWatch()
    /// The last step after which ranks have compared their parameters.
    var comparedStep = 0
    /// What the loss is multiplied by where gradients are small numbers; nil where they are not.
    var scaler: GradientScaler?
    /// The checkpoint that this run goes on from; nil where it began anew.
    var resumption: Resumption?
    /// Whether the last epoch went through all of its batches.
    var isEpochWhole = false
    /// What the last evaluation gave.
    var evaluation: Evaluation?
    /// How long the epochs took so far.
    var time = TrainingTime()
    /// The trace that is being made for `--profile`.
    var profile: ProfileInProgress?
    /// How many batches this run has begun.
    var batchesSeen = 0
    /// When the batch in progress began, and what the phases had taken then.
    var stepBegin: UInt64 = 0
    var phasesAtStep = PhaseTimes()
    /// What the phases had taken when the first batches were over.
    var phasesBefore = PhaseTimes()
    private var deferredError: (any Error)?
    private var hasShownPlan = false
    private var firstBatches = 10
    private var start: ContinuousClock.Instant?
    private var optimizers: [any Optimizer] = []
    /// Whether the optimizers leave out the step in progress.
    private(set) var areSuspended = false
    private var keptBuffers: [(buffer: Tensor, copy: Tensor)] = []
    private var keptStep = -1

    /// Optimizer steps so far, as the first prepared optimizer counts them.
    var step: Int { optimizers.first?.stepCount ?? 0 }

    /// Seconds since the first step began.
    var seconds: Double {
        start.map { ($0.duration(to: .now)) / .seconds(1) } ?? 0
    }

    func follow(_ optimizer: any Optimizer) {
        optimizers.append(optimizer)
    }

    /// The learning rate of the step in progress, in the first group of the run's optimizer; nil where no schedule sets it.
    private(set) var scheduledRate: Double?

    /// An epoch has ended; what is logged after it belongs to no step in progress.
    func endEpoch(batches: Int) {
        scheduledRate = nil
        time.endEpoch(batches: batches, at: TrainingTime.now)
    }

    /// A batch begins.
    func beginBatch(_ number: Int) {
        batch = number
        batchesSeen += 1
        time.samples += batchSizes.samples(of: number)
        if state.hasSchedules { scheduledRate = optimizers.first?.learningRates.first }
    }

    /// What the prepared optimizers train.
    var trainedParameters: [NamedParameter] { optimizers.flatMap(\.parameters) }

    /// Lets the optimizers leave out their steps, or take them again.
    func suspendOptimizers(_ isSuspended: Bool) {
        for optimizer in optimizers { optimizer.isSuspended = isSuspended }
        areSuspended = isSuspended
    }

    /// What a loss is multiplied by for its backward pass; nil for nothing.
    var backwardWeight: Double? {
        guard let scaler else { return lossWeight }
        return (lossWeight ?? 1) * Double(scaler.scale)
    }

    // MARK: Buffers

    /// Keeps the models' buffers, such as running statistics, as they are before a step.
    func keepBuffers() {
        guard keptStep != step else { return }
        keptStep = step
        let buffers = models.flatMap(\.buffers).map(\.tensor)
        if keptBuffers.count != buffers.count { keptBuffers = buffers.map { ($0, $0.detach().clone()) } }
        withoutGradients { for (buffer, copy) in keptBuffers { copy.copy(from: buffer) } }
    }

    /// Gives the models the buffers that they had before the step.
    func restoreBuffers() {
        withoutGradients { for (buffer, copy) in keptBuffers { buffer.copy(from: copy) } }
    }

    /// Whether an error waits for a place where it can be thrown.
    var hasDeferredError: Bool { deferredError != nil }

    /// Keeps the error of `body`, for a place where none can be thrown.
    func deferError(_ body: () throws -> Void) {
        do { try body() } catch { deferredError = error }
    }

    /// The error that was kept, once.
    func takeDeferredError() -> (any Error)? {
        defer { deferredError = nil }
        return deferredError
    }

    /// When the first step began, in seconds since 1970.
    private(set) var startTime = 0.0

    /// Begins an epoch, and starts the clock, the first time.
    func begin(_ sizes: EpochBatchSizes) {
        batchSizes = sizes
        guard start == nil else { return }
        start = .now
        startTime = Date().timeIntervalSince1970
    }

    /// Counts a batch; true of the one with which the start is over.
    func settles() -> Bool {
        firstBatches -= firstBatches >= 0 ? 1 : 0
        return firstBatches == 0
    }

    /// The plan, once.
    func takePlan() -> String? {
        guard !hasShownPlan else { return nil }
        hasShownPlan = true
        return plan.joined(separator: "; ")
    }
}

/// How many samples each batch of an epoch has.
struct EpochBatchSizes {
    var batchCount = 0
    var sampleCount = 0
    var batchSize = 1

    /// The samples of a batch.
    func samples(of batch: Int) -> Int { max(0, min(batchSize, sampleCount - batch * batchSize)) }
}
