public import ArgumentParser

/// What is done about losses and gradients that are no numbers, gradients that explode, and ranks that drift apart.
public struct AnomalyOptions: ParsableArguments, Sendable {
    /// What follows when the numbers of the training go wrong.
    public enum Response: String, CaseIterable, ExpressibleByArgument, Sendable {
        /// The training ends with an error.
        case stop
        /// The step is left out.
        case skip
        /// The training goes on from its newest checkpoint, and leaves out the batches since then.
        case rollBack = "roll-back"
    }

    /// What follows when the numbers of the training go wrong.
    @Option(
        help: ArgumentHelp(
            "When a loss or gradients are not finite, gradients exceed the limit, or ranks differ: stop, skip the step, or "
                + "roll-back to the newest checkpoint and leave out the batches since.",
            valueName: "stop|skip|roll-back"))
    public var onAnomaly = Response.stop

    /// The largest norm of all gradients together that is none; nil for any finite one.
    @Option(help: "A norm of all gradients together above this is an anomaly (default: only one that is not finite).")
    public var gradientNormLimit: Double?

    /// After how many steps the ranks compare their parameters; 0 for the end of the training alone.
    @Option(help: "Processes compare checksums of their parameters after each so many steps; 0: only at the end.")
    public var compareRanksEvery = 1000

    /// The options before a command line has been read.
    public init() {}

    /// Refuses what cannot be meant.
    public func validate() throws {
        if let gradientNormLimit, !(gradientNormLimit > 0) {
            throw ValidationError("--gradient-norm-limit \(gradientNormLimit): a limit is above 0")
        }
        if compareRanksEvery < 0 {
            throw ValidationError("--compare-ranks-every \(compareRanksEvery): a number of steps is not negative")
        }
    }
}
