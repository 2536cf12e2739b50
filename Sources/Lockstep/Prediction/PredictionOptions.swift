public import ArgumentParser

/// The options with which a trained program classifies images instead of training.
public struct PredictionOptions: ParsableArguments, Sendable {
    /// The images, as paths of PNG and IDX files; none to train.
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Classifies images with saved weights instead of training: PNG files, or IDX files, of which the first 10 or "
                + "--limit images are taken.", valueName: "images"))
    public var predict: [String] = []

    /// The weights for it; nil for those of the newest run.
    @Option(
        help: ArgumentHelp(
            "Weights for --predict: a file, a checkpoint or a run's folder (default: the newest run's).",
            valueName: "file|folder"))
    public var weights: String?

    /// The options before a command line has been read.
    public init() {}

    /// Refuses weights that nothing would use.
    public func validate() throws {
        if weights != nil, predict.isEmpty { throw ValidationError("--weights is for --predict: name images too") }
    }
}
