public import Foundation

/// What a run is, for those who track it.
public struct TrackedRun: Sendable {
    /// The program's name.
    public var program: String

    /// What groups runs of one kind: a project of Weights & Biases, an experiment of MLflow.
    public var project: String

    /// The run's name, for people.
    public var name: String

    /// The absolute path of the run's folder, which exists.
    public var folder: String

    /// The options and circumstances of the run, as `config.json` has them.
    public var configuration: MetricsRecord

    /// When this process started the run, or went on with it.
    public var start: Date

    /// The last step that counts of what this run's folder has already, for a run that goes on; nil for a new run.
    public var resumedAfter: Int?

    /// Describes a run.
    ///
    /// - Parameters:
    ///   - program: The program's name.
    ///   - project: What groups runs of one kind; the program's name if nil.
    ///   - name: The run's name; the last part of its folder's path if nil.
    ///   - folder: The absolute path of the run's folder.
    ///   - configuration: What `config.json` has.
    ///   - start: When this process started the run, or went on with it.
    ///   - resumedAfter: The step that a resumed run goes on after; nil for a new run.
    public init(
        program: String, project: String? = nil, name: String? = nil, folder: String,
        configuration: MetricsRecord = [:], start: Date = Date(), resumedAfter: Int? = nil
    ) {
        self.program = program
        self.project = project ?? program
        self.name = name ?? URL(fileURLWithPath: folder).lastPathComponent
        self.folder = folder
        self.configuration = configuration
        self.start = start
        self.resumedAfter = resumedAfter
    }
}

/// How a run ended.
public enum TrackedOutcome: Sendable, Hashable {
    /// It did all that it set out to do.
    case finished
    /// An error ended it.
    case failed(String)
    /// Somebody asked it to end early, or it reached a limit.
    case stopped(String)
}
