import Files
import Glibc

/// A file with all that a rank writes to a stream, as it comes.
struct RankLog: Sendable {
    private let file: FileDescriptor
    private let path: String
    private var isBroken = false

    /// Opens a log, and writes behind what is there.
    ///
    /// - Throws: ``LaunchError`` with `logUnwritable`.
    init(_ path: String) throws {
        self.path = path
        file = try withFileErrors(as: { LaunchError(.logUnwritable, "a log of the ranks: \($0.message)", cause: $0) }) {
            try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_APPEND)
        }
    }

    /// Writes bytes; where that fails, the log ends, standard error says so, and the job goes on.
    mutating func write(_ bytes: ArraySlice<UInt8>) {
        guard !isBroken, let failure = bytes.withUnsafeBytes({ OpenDescriptor.write($0, to: file.number) }) else {
            return
        }
        isBroken = true
        StandardError.write("\(path) ends here: \(failure.text). \(failure.advice)")
    }
}
