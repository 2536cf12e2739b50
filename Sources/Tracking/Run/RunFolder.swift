import Files
import Foundation

/// The folder of a run: its metrics, its configuration, and whatever else it writes.
///
/// Without a name it is `runs/<program>-<yyyyMMdd-HHmmss>` in local time, with `-2`, `-3`, … behind it where that exists.
/// A folder that was named, and that has an earlier run in it, is used again: the earlier run's `metrics.jsonl`,
/// `config.json`, `checkpoints` and the like become `metrics.1.jsonl`, `config.1.json`, `checkpoints.1` (or the next free
/// number) and are never overwritten.
public struct RunFolder: Sendable {
    /// The folder's absolute path.
    public let path: String

    /// One line for each thing about the folder that people should know, such as files that were renamed.
    public let notices: [String]

    /// Finds or creates the folder.
    ///
    /// - Parameters:
    ///   - path: The folder, as `--run-directory` names it; nil for a new one under `runs`.
    ///   - program: The program's name, for the name of a new folder.
    ///   - isContinued: Whether this run goes on with the one in the folder: its files stay, and metrics are appended.
    ///   - date: When the run started.
    /// - Throws: ``TrackingError`` where the folder cannot be created or written, or another run is writing there.
    public init(at path: String?, program: String, isContinued: Bool = false, date: Date = Date()) throws {
        guard let path, !path.isEmpty else {
            self.path = try NewRunFolder(program: program, date: date).create()
            notices = []
            return
        }
        let absolute = URL(fileURLWithPath: path).path
        try Self.createFolders(absolute)
        guard access(absolute, W_OK | X_OK) == 0 else {
            throw TrackingError(
                SystemFailure(errno).error("The run folder \(absolute)", cannotBe: "written"),
                code: .folderUnavailable)
        }
        self.path = absolute
        let earlier = EarlierRun(in: absolute)
        notices = try earlier.withoutWriter { isContinued ? [] : try earlier.moveAside() }
    }

    /// The path of the folder for a run that other processes will do, which is created; what is in it stays as it is.
    ///
    /// - Parameters:
    ///   - path: The folder; nil for a new one under `runs`.
    ///   - program: The program's name, for the name of a new folder.
    /// - Throws: ``TrackingError`` where the folder cannot be created.
    package static func reserve(at path: String?, program: String) throws -> String {
        guard let path, !path.isEmpty else { return try NewRunFolder(program: program, date: Date()).create() }
        let absolute = URL(fileURLWithPath: path).path
        try createFolders(absolute)
        return absolute
    }

    /// A folder that another process of the same run has created.
    package init(existing path: String) {
        self.path = path
        notices = []
    }

    /// The folders of a program's runs under `runs`, the newest first.
    package static func all(of program: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "runs")) ?? []
        return names.filter { $0.hasPrefix("\(program)-") }.sorted(by: >).map { "runs/\($0)" }
    }

    /// The path of a file or folder in the run folder.
    public func path(of name: String) -> String { path == "/" ? "/\(name)" : "\(path)/\(name)" }

    /// Where the metrics go.
    public var metricsPath: String { path(of: EarlierRun.metrics) }

    /// The folder of the checkpoints, which is there when one was written.
    public var checkpointsPath: String { path(of: EarlierRun.checkpoints) }

    /// Where the configuration goes.
    public var configurationPath: String { path(of: EarlierRun.configuration) }

    /// Writes `config.json`: the fields in their order, one a line, and all of it or nothing.
    ///
    /// A configuration that is there already, as when a run is continued, is kept as `config.1.json` (or the next free
    /// number) if it differs.
    ///
    /// - Returns: The name that an earlier configuration was given, if it was kept.
    /// - Throws: ``TrackingError`` where the file cannot be written.
    @discardableResult
    public func writeConfiguration(_ configuration: MetricsRecord) throws -> String? {
        var json = JSONBytes()
        json.append(raw: "{")
        for (index, field) in configuration.fields.enumerated() {
            json.append(raw: index == 0 ? "\n  " : ",\n  ")
            json.append(text: field.name)
            json.append(raw: ": ")
            json.append(field.value)
        }
        json.append(raw: configuration.fields.isEmpty ? "}\n" : "\n}\n")
        if let old = FileManager.default.contents(atPath: configurationPath), old == Data(json.bytes) { return nil }
        let kept = try EarlierRun(in: path).keepConfiguration()
        try withFileErrors(as: { TrackingError($0) }) {
            try AtomicFile.write(json.bytes, to: configurationPath)
        }
        return kept
    }

    /// The folder with what each rank does.
    package static let ranks = EarlierRun.ranks
    /// What the ranks did with their time.
    package static let summary = EarlierRun.summary
    /// What an evaluation of a classifier gave.
    package static let evaluation = EarlierRun.evaluation

    /// Writes a text into a file of the folder, all of it or nothing.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written.
    package func write(_ text: String, to name: String) throws {
        try withFileErrors(as: { TrackingError($0) }) { try AtomicFile.write(Array(text.utf8), to: path(of: name)) }
    }

    /// Creates a folder and those above it.
    package static func createFolders(_ path: String) throws {
        if mkdir(path, 0o777) == 0 { return }
        let number = errno
        if number == ENOENT {
            let parent = (path as NSString).deletingLastPathComponent
            if parent != path, !parent.isEmpty {
                try createFolders(parent)
                if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
                throw TrackingError(
                    SystemFailure(errno).error("The run folder \(path)", cannotBe: "created"),
                    code: .folderUnavailable)
            }
        }
        var status = stat()
        if number == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        throw TrackingError(
            SystemFailure(number).error("The run folder \(path)", cannotBe: "created"), code: .folderUnavailable)
    }
}
