import Files
import Foundation

/// How a job has failed, in `ranks/outcome.json` of the run's folder, for those who look at it there.
enum OutcomeFile {
    private struct Contents: Encodable {
        let time: Double
        let exitCode: Int32
        let rank: Int?
        let lines: [String]

        enum CodingKeys: String, CodingKey {
            case time, rank, lines
            case exitCode = "exit_code"
        }
    }

    /// Writes the file for a job that did not end well.
    ///
    /// It adds to the report, so where it cannot be written, as without a run's folder, nothing else happens.
    static func write(_ outcome: JobOutcome, _ report: [String], in runFolder: String?) {
        guard let path = path(in: runFolder), outcome.exitCode != 0 else { return }
        let rank: Int? = if case .failed(let rank, _) = outcome.ending { rank } else { nil }
        let contents = Contents(
            time: Date().timeIntervalSince1970, exitCode: outcome.exitCode, rank: rank, lines: report)
        guard let json = try? JSONEncoder().encode(contents) else { return }
        try? AtomicFile.write(Array(json), to: path)
    }

    /// Takes the file away that an earlier job has left, which this one goes on from.
    static func remove(from runFolder: String?) {
        if let path = path(in: runFolder) { unlink(path) }
    }

    /// Where the ranks have written what they do; programs of others write nothing.
    private static func path(in runFolder: String?) -> String? {
        guard let runFolder, FileManager.default.fileExists(atPath: "\(runFolder)/ranks") else { return nil }
        return "\(runFolder)/ranks/outcome.json"
    }
}
