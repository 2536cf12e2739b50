import Files
import Glibc
import RunFiles

/// A file of a run's folder, which a run that still goes on may write to and shorten.
struct RunFile {
    /// The path.
    let path: String

    /// Runs `body` with the bytes that the file has now; nil where there is no file.
    ///
    /// - Throws: `FileError` where it cannot be read.
    func read<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws -> Result? {
        for _ in 0..<3 {
            do {
                let file = try MappedFile(path)
                // Not the mapping: reading it would end the process where the file becomes shorter.
                return try file.copy(file.size, at: 0).withUnsafeBytes(body)
            } catch let error as FileError where error.code == .notFound {
                return nil
            } catch let error as FileError where error.code == .truncated {
                continue
            }
        }
        throw FileError(
            .truncated, path, "\(path) became shorter each time it was read; try again when the run is over.")
    }

    /// When the file was last written, in seconds since 1970; nil where there is no file.
    var time: Double? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    }

    /// The value in the file; nil where there is no file.
    ///
    /// - Throws: `FileError` where it cannot be read, or is no JSON.
    func value() throws -> StoredValue? {
        guard let value = try read({ StoredValue($0) }) else { return nil }
        guard let value else {
            throw FileError(
                .unreadable, path, "\(path) is no JSON, or only a part of it. Remove it, or let the run write it again."
            )
        }
        return value
    }
}
