import Checkpointing
import Torch

/// Decides when a training is saved, and has it written on the main process.
final class TrainingSaver {
    /// How often.
    let interval: CheckpointInterval
    /// On the main process alone.
    let writer: CheckpointWriter?
    private let response: CheckpointOptions.FailureResponse
    private(set) var lastStep: Int?
    private var lastMoment = TrainingTime.now
    /// The step that the last boundary belonged to: where it is still the same, gradients are being accumulated.
    private var boundaryStep = -1
    var checkIn = CheckIn()
    /// What the ranks have agreed to do at the end of the step in progress.
    var agreed = CheckIn.Wishes()

    init(_ interval: CheckpointInterval, writer: CheckpointWriter?, response: CheckpointOptions.FailureResponse) {
        self.interval = interval
        self.writer = writer
        self.response = response
    }

    /// Whether the first step of this run has just ended.
    func isFirst(_ step: Int) -> Bool { boundaryStep < 0 && step > 0 }

    /// Whether this process wants a checkpoint because the time is over.
    var isTimeOver: Bool {
        guard interval.unit == .minutes else { return false }
        return TrainingTime.now - lastMoment >= UInt64(interval.count) * 60_000_000_000
    }

    /// Whether a checkpoint is due after a batch, where a step has ended with it.
    func isDue(after step: Int, isLast: Bool) -> Bool {
        guard step > boundaryStep else { return false }
        boundaryStep = step
        guard step > 0, step != lastStep else { return false }
        return isLast || agreed.saves || agreed.stops || (interval.unit == .steps && step % interval.count == 0)
    }

    /// Whether a checkpoint is due after an epoch.
    func isDue(afterEpoch epoch: Int, isLast: Bool) -> Bool {
        epoch > 0 && (isLast || (interval.unit == .epochs && epoch % interval.count == 0))
    }

    /// Counts a save.
    func hasSaved(_ step: Int) {
        lastStep = step
        lastMoment = TrainingTime.now
        agreed.saves = false
    }

    /// What came of earlier saves.
    ///
    /// - Parameter say: is given a line for each that failed, and for what its folder is to be told of.
    /// - Throws: `CheckpointError` of one that failed, where training is to stop then.
    func report(_ say: (String) -> Void) throws {
        while let outcome = writer?.takeOutcome() {
            switch outcome.result {
            case .success(let saved): saved.notices.forEach(say)
            case .failure(let error) where response == .stop: throw error
            case .failure(let error):
                say(
                    "the checkpoint of step \(outcome.step) was not saved: \(error) Training goes on; the checkpoints "
                        + "before it are as they were.")
            }
        }
    }
}
