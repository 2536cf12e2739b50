import Checkpointing
import Torch

/// Decides when a training is saved, and has it written on the main process.
final class TrainingSaver {
    /// How often.
    let interval: CheckpointInterval
    /// On the main process alone.
    let writer: CheckpointWriter?
    private let response: CheckpointOptions.FailureResponse
    private let warn: (String) -> Void
    /// Whether a failure ends the training whatever was chosen, since there will be no other checkpoint.
    var mustSucceed = false
    private var lastMoment = TrainingTime.now
    /// The last step whose end was noticed.
    private var endedStep: Int
    /// How many steps of this run have ended.
    private(set) var stepCount = 0
    /// What the ranks have agreed to do at the end of the step in progress.
    var agreed = CheckIn.Wishes()

    /// Saves a training that begins after a step.
    ///
    /// - Parameter warn: is given a line for each save that failed, and for what people are to be told of others.
    init(
        _ interval: CheckpointInterval, after step: Int, writer: CheckpointWriter?,
        response: CheckpointOptions.FailureResponse, warn: @escaping (String) -> Void
    ) {
        endedStep = step
        self.interval = interval
        self.writer = writer
        self.response = response
        self.warn = warn
    }

    /// Notices the end of a step, after a batch; false where the batch is one of several that are accumulated.
    func notices(endOf step: Int) -> Bool {
        guard step > endedStep else { return false }
        endedStep = step
        stepCount += 1
        return true
    }

    /// The training has gone back to a step.
    func goBack(to step: Int) { endedStep = step }

    /// Whether this process wants a checkpoint because the time is over.
    var isTimeOver: Bool {
        guard interval.unit == .minutes else { return false }
        return TrainingTime.now - lastMoment >= UInt64(interval.count) * 60_000_000_000
    }

    /// Whether a checkpoint is due after a step.
    func isDue(after step: Int, isLast: Bool) -> Bool {
        isLast || agreed.saves || agreed.stops || (interval.unit == .steps && step % interval.count == 0)
    }

    /// Whether a checkpoint is due after an epoch.
    func isDue(afterEpoch epoch: Int, isLast: Bool) -> Bool {
        epoch > 0 && (isLast || (interval.unit == .epochs && epoch % interval.count == 0))
    }

    /// Counts a save.
    func hasSaved() {
        lastMoment = TrainingTime.now
        agreed.saves = false
    }

    /// Tells what came of earlier saves.
    ///
    /// - Throws: `CheckpointError` of one that failed, where training is to stop then.
    func report() throws {
        while let outcome = writer?.takeOutcome() {
            switch outcome.result {
            case .success(let saved): saved.notices.forEach(warn)
            case .failure(let error): try handle(error, at: outcome.step)
            }
        }
    }

    /// What follows when a checkpoint could not be saved.
    ///
    /// - Throws: the error, where training is to stop then.
    func handle(_ error: any Error, at step: Int) throws {
        guard response == .warn, !mustSucceed else { throw error }
        warn(
            "the checkpoint of step \(step) was not saved: \(error) Training goes on; the checkpoints before it are as they "
                + "were.")
    }
}
