public import ArgumentParser
public import DatasetFiles
public import Launching
public import Torch
import TorchDistributed

/// The options that every training program has.
public struct TrainingOptions: ParsableArguments, Sendable {
    /// Seeds everything before the model is built, and the order of the samples.
    @Option(help: "Seeds everything: the model, the order of the samples, random transforms.")
    public var seed: UInt64 = 0

    /// How many processes to start, and how.
    @OptionGroup
    public var launch: LaunchOptions

    /// When the training is saved, and where it goes on.
    @OptionGroup
    public var checkpoints: CheckpointOptions

    /// What follows when the numbers of the training go wrong.
    @OptionGroup
    public var anomalies: AnomalyOptions

    /// Where the run's numbers go, and what people look at.
    @OptionGroup
    public var trackers: TrackerOptions

    /// Whether to try the training in a few batches, instead of doing it.
    @Flag(
        help: "Takes a few batches through training, evaluation, checkpoint and resume, says what came of it, and ends."
    )
    public var dryRun = false

    /// Whether to show what each option is and where that comes from, instead of training.
    @Flag(help: "Shows the value of each option and where it comes from, and ends.")
    public var printConfig = false

    /// Whether to say, after the first backward pass, how it was computed and why so.
    @Flag(help: "Says once how a step is computed, layer by layer, and why so.")
    public var explainStep = false

    /// How many batches to trace; nil for none.
    @Option(
        help: ArgumentHelp(
            "Writes a trace of this many batches on all processes, profile.json in the run's folder, for Perfetto and "
                + "chrome://tracing.", valueName: "batches"))
    public var profile: Int?

    /// Where to train; nil for a GPU where there is one.
    @Option(help: "Where to train: cpu, cuda or cuda:N (default: a GPU where there is one).")
    public var device: String?

    /// Whether several processes may train on one GPU.
    @Flag(help: "Lets several processes share a GPU.")
    public var shareGpu = false

    /// Threads for each process; nil for its share of the cores.
    @Option(help: "Threads of each process (default: its share of the cores).")
    public var threads: Int?

    /// The samples of a step on all ranks together, which they divide; each takes its program's batch size if nil.
    @Option(help: "Samples of a step on all processes together, divided between them; wins over --batch-size.")
    public var globalBatchSize: Int?

    /// What carries data between the processes.
    @Option(
        help: ArgumentHelp(
            "What carries data between the processes: shm (memory that those of one machine share), gloo (the network), "
                + "shm+gloo (memory within each machine, the network between machines), or auto, for what suits where "
                + "they are.", valueName: "auto|shm|gloo|shm+gloo"))
    public var backend = "auto"

    /// Whose kernels compute on the CPU.
    @Option(
        help: ArgumentHelp(
            "Whose kernels compute on the CPU: auto, for those of Lockstep where the processor has the instructions, or "
                + "libtorch, for PyTorch's results bit for bit.", valueName: "auto|libtorch"))
    public var kernels = KernelSelection.auto

    /// In what the layers of a model compute.
    @Option(
        help: ArgumentHelp(
            "In what layers compute: float32, or bfloat16 or float16 where they gain from it (autocast; float16 scales the "
                + "loss).", valueName: "float32|bfloat16|float16"))
    public var precision = Precision.float32

    /// Seconds that a process waits for the others in a collective.
    @Option(help: "Seconds that a process waits for the others before it gives up.")
    public var collectiveTimeout = 1800.0

    /// Whether parameters may get no gradient in a step.
    @Flag(help: "Lets parameters get no gradient in a step; the graph is searched for them in every step.")
    public var findUnusedParameters = false

    /// A file that says how each convolution is computed, from `lockstep tune`; nil for the table that is built in.
    @Option(help: "A table from `lockstep tune` that says how convolutions are computed (default: the built-in one).")
    public var convolutionTable: String?

    /// Optimizer steps after which training ends, instead of a number of epochs.
    @Option(help: "Ends training after this many optimizer steps; wins over --epochs.")
    public var maxSteps: Int?

    /// The number of samples of each data set to use; nil for all.
    @Option(help: "Uses only the first samples of each data set.")
    public var limit: Int?

    /// Whether the training samples come in a new random order each epoch.
    @Flag(inversion: .prefixedNo, help: "A new random order of the samples each epoch.")
    public var shuffle = true

    /// The folder given for data sets.
    @Option(name: .customLong("data-directory"), help: "A folder with data sets, searched first.")
    public var dataFolder: String?

    /// The folder for what the run writes; nil for a new one under `runs/`.
    @Option(help: "The folder for metrics, configuration and weights (default: a new one under runs/).")
    public var runDirectory: String?

    /// Whether a small synthetic data set may stand in for one that cannot be had.
    @Flag(help: "Trains on a small synthetic data set when the real one cannot be had.")
    public var syntheticFallback = false

    /// The options before a command line has been read; use ``standard`` in code.
    public init() {}

    /// The options with their default values, for programs that do not read them from a command line.
    public static var standard: TrainingOptions { parseOrExit([]) }

    /// The backend that ``backend`` names; nil for whatever suits all processes.
    var chosenBackend: ProcessGroup.Backend? {
        get throws { try backend.lowercased() == "auto" ? nil : ProcessGroup.Backend(named: backend) }
    }

    /// Where data sets are looked for.
    public var dataDirectory: DatasetLocation {
        var location = DatasetLocation(directory: dataFolder)
        location.allowsSynthetic = syntheticFallback
        location.syntheticSeed = seed
        return location
    }

    /// Refuses what cannot be meant.
    public func validate() throws {
        if let device, Device(device) == nil {
            throw ValidationError("--device \(device): expected cpu, cuda or cuda:N")
        }
        do {
            _ = try chosenBackend
        } catch {
            throw ValidationError("--\(error), auto")
        }
        if let threads, threads < 1 { throw ValidationError("--threads \(threads): at least one thread is needed") }
        if let globalBatchSize, globalBatchSize < 1 {
            throw ValidationError("--global-batch-size \(globalBatchSize): a batch has at least one sample")
        }
        guard collectiveTimeout > 0, collectiveTimeout < 1e9 else {
            throw ValidationError("--collective-timeout \(collectiveTimeout): expected a number of seconds above 0")
        }
        if let profile, profile < 1 { throw ValidationError("--profile \(profile): at least one batch is needed") }
        if let maxSteps, maxSteps < 0 {
            throw ValidationError("--max-steps \(maxSteps): a number of steps is not negative")
        }
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): at least one sample is needed") }
    }
}

extension KernelSelection: ExpressibleByArgument {}
