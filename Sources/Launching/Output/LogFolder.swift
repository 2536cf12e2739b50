import Foundation

/// The folder with the logs of a job's ranks: `rank-0.out`, `rank-0.err` and so on.
struct LogFolder: Sendable {
    /// From the root.
    let path: String

    /// Makes the folder, where there is none.
    ///
    /// - Throws: ``LaunchError`` with `logUnwritable`.
    init(_ path: String) throws {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        do {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch {
            throw LaunchError(
                .logUnwritable,
                "the folder \(self.path) for the ranks' logs cannot be made: \(error.localizedDescription) Choose a "
                    + "folder that can be written.", cause: error)
        }
    }

    /// The log of one of a rank's standard streams.
    func log(of rank: Int, _ stream: Int32) throws -> RankLog {
        try RankLog("\(path)/rank-\(rank).\(stream == STDERR_FILENO ? "err" : "out")")
    }
}
