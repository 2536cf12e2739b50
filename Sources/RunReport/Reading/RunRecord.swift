import Files
import Foundation
import RunFiles

/// What a run left in its folder: configuration, metrics, evaluation, and what its ranks told.
///
/// What is not there is empty; what cannot be read is named in ``problems``. A folder can be read while the run goes on.
///
/// ```swift
/// let run = try RunRecord(folder: "runs/fashion-mnist-20261121-124849")
/// let loss = run.metrics.series("loss")
/// ```
public struct RunRecord: Sendable {
    /// The folder's absolute path.
    public let folder: String

    /// The fields of `config.json`, in their order.
    public let configuration: [StoredValue.Field]

    /// What `metrics.jsonl` has.
    public let metrics: RunMetrics

    /// Whether there is a `metrics.jsonl`.
    public let hasMetrics: Bool

    /// What `summary.json` says, once the run is over.
    public let summary: RunSummary?

    /// When that was written, in seconds since 1970.
    let summaryTime: Double?

    /// What `evaluation.json` says of a classifier.
    public let evaluation: ClassifierEvaluation?

    /// What the ranks told, in their order.
    public let ranks: [RankRecord]

    /// What the launcher says of a failure.
    public let failure: RunFailure?

    /// A sentence for each file that cannot be read.
    public let problems: [String]

    /// Reads what is in a run's folder.
    ///
    /// - Throws: ``RunReportError`` where there is no such folder.
    public init(folder: String) throws {
        let path = URL(fileURLWithPath: folder).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw RunReportError(
                .noFolder, "There is no folder \(folder). Name the folder of a run, such as runs/<name>.")
        }
        guard isFolder.boolValue else {
            throw RunReportError(.noFolder, "\(folder) is a file. Name the folder of the run that it belongs to.")
        }
        var problems: [String] = []
        func attempt<Value>(_ name: String, _ read: (RunFile) throws -> Value?) -> Value? {
            do { return try read(RunFile(path: "\(path)/\(name)")) } catch {
                problems.append("\(error)")
                return nil
            }
        }
        self.folder = path
        let fields = attempt("config.json") { try $0.value() }
        if case .object(let fields)? = fields { configuration = fields } else { configuration = [] }
        let metrics = attempt("metrics.jsonl") { file in
            try file.read { bytes in
                var metrics = RunMetrics()
                metrics.append(bytes)
                return metrics
            }
        }
        hasMetrics = metrics != nil
        self.metrics = metrics ?? RunMetrics()
        summary = attempt("summary.json") { try $0.value().map(RunSummary.init) }
        summaryTime = RunFile(path: "\(path)/summary.json").time
        evaluation = attempt("evaluation.json") { try $0.value().map(ClassifierEvaluation.init) }
        failure = attempt("ranks/outcome.json") { try $0.value().flatMap(RunFailure.init) }
        ranks = Self.rankNumbers(in: "\(path)/ranks").compactMap { rank in
            attempt("ranks/rank-\(rank).jsonl") { file in
                try file.read { bytes in
                    var record = RankRecord(rank: rank)
                    record.append(bytes)
                    return record
                }
            }
        }
        self.problems = problems
    }

    private static func rankNumbers(in folder: String) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap(RankLine.rank).sorted()
    }

    /// The folder's name.
    public var name: String { folder == "/" ? "/" : (folder as NSString).lastPathComponent }

    /// A setting of the configuration.
    public func setting(_ name: String) -> StoredValue? { configuration.last { $0.name == name }?.value }

    /// The program, or else the folder's name.
    public var program: String { setting("program")?.text ?? name }
}
