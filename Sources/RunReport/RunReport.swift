import Files
import Foundation

/// Reports on runs as HTML: each a single file that needs no other, nor a network.
///
/// A training program writes one at its end:
///
/// ```swift
/// try RunReport.write(runFolder: folder.path)
/// ```
public enum RunReport {
    /// The name of the report in a run's folder.
    public static let fileName = "report.html"

    /// Writes the report on a run, all of it or nothing; an earlier one is replaced.
    ///
    /// - Parameters:
    ///   - folder: The run's folder.
    ///   - path: The file; `report.html` in the folder if nil.
    /// - Returns: The file's path.
    /// - Throws: ``RunReportError`` where there is no such folder, it has no metrics, or the file cannot be written.
    @discardableResult
    public static func write(runFolder folder: String, to path: String? = nil) throws -> String {
        let run = try record(folder)
        let file = path ?? (run.folder == "/" ? "/\(fileName)" : "\(run.folder)/\(fileName)")
        try write(page(of: run), to: file)
        return file
    }

    /// Writes a comparison of runs, all of it or nothing.
    ///
    /// - Parameters:
    ///   - folders: The runs' folders, in the order in which they are shown.
    ///   - path: The file.
    /// - Throws: ``RunReportError`` where there is no such folder, one has no metrics, or the file cannot be written.
    public static func write(comparing folders: [String], to path: String) throws {
        try write(page(comparing: try folders.map(record)), to: path)
    }

    /// The report on a run.
    public static func page(of run: RunRecord) -> String { RunPage(run: run).page.html }

    /// A comparison of runs.
    public static func page(comparing runs: [RunRecord]) -> String { ComparisonPage(runs).page.html }

    private static func record(_ folder: String) throws -> RunRecord {
        let run = try RunRecord(folder: folder)
        guard run.hasMetrics else {
            let problem = run.problems.first { $0.contains("metrics.jsonl") }
            throw RunReportError(
                .noMetrics,
                problem
                    ?? "\(folder) has no metrics.jsonl, so it is not the folder of a run. Name the folder that "
                    + "--run-directory named, or one under runs.")
        }
        return run
    }

    private static func write(_ page: String, to path: String) throws {
        try withFileErrors(as: { RunReportError($0) }) { try AtomicFile.write(Array(page.utf8), to: path) }
    }
}
