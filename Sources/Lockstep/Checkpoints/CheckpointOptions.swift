public import ArgumentParser
import Checkpointing

/// When a training is saved, what of it stays, and where a training goes on.
public struct CheckpointOptions: ParsableArguments, Sendable {
    /// How often to save; nil for never.
    @Option(
        help: ArgumentHelp(
            "Saves the whole training every so many optimizer steps, epochs or minutes, and at its end.",
            valueName: "500steps|1epoch|10minutes"))
    public var checkpointEvery: CheckpointInterval?

    /// How many of the newest checkpoints stay.
    @Option(help: "How many of the newest checkpoints stay.")
    public var keepCheckpoints = 2

    /// The metric of the evaluation whose best checkpoint stays as well.
    @Option(
        help: ArgumentHelp(
            "Also keeps the checkpoint with the lowest evaluation loss, or with the highest accuracy.",
            valueName: "loss|accuracy"))
    public var keepBest: BestMetric?

    /// Where to go on: `latest`, or a checkpoint's folder.
    @Option(
        help: ArgumentHelp(
            "Goes on from a checkpoint: latest, for the newest of the run folder, or the path of a run or checkpoint.",
            valueName: "latest|folder"))
    public var resume: String?

    /// Whether to go on although the model's program, its data or its options are others.
    @Flag(help: "Resumes although options or data differ from the checkpoint's.")
    public var force = false

    /// What happens when a checkpoint cannot be written.
    @Option(
        help: ArgumentHelp(
            "When a checkpoint cannot be written: warn, and train on with the last good one, or stop.",
            valueName: "warn|stop"))
    public var onCheckpointFailure = FailureResponse.warn

    /// A metric of the evaluation.
    public enum BestMetric: String, CaseIterable, ExpressibleByArgument, Sendable { case loss, accuracy }

    /// What to do about a checkpoint that could not be written.
    public enum FailureResponse: String, CaseIterable, ExpressibleByArgument, Sendable { case warn, stop }

    /// The options before a command line has been read.
    public init() {}

    /// Refuses what cannot be meant.
    public func validate() throws {
        guard keepCheckpoints >= 1 else {
            throw ValidationError("--keep-checkpoints \(keepCheckpoints): at least the newest one stays")
        }
        if let resume, resume.isEmpty { throw ValidationError("--resume: expected latest or a folder") }
    }

    /// Whether to go on with the newest checkpoint of the run folder.
    var resumesLatest: Bool { resume?.lowercased() == "latest" }

    /// Which checkpoints stay.
    var keepPolicy: KeepPolicy {
        let last = KeepPolicy.last(keepCheckpoints)
        return switch keepBest {
        case nil: last
        case .loss: last.and(.best(1, of: "loss", .lowest))
        case .accuracy: last.and(.best(1, of: "accuracy", .highest))
        }
    }
}
