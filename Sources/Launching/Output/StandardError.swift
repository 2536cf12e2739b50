import Files
import Glibc

/// The launcher's own lines on standard error.
enum StandardError {
    /// Writes a line; there is nobody to tell where that fails.
    static func write(_ line: String) {
        _ = Array("\(line)\n".utf8).withUnsafeBytes { OpenDescriptor.write($0, to: STDERR_FILENO) }
    }
}
