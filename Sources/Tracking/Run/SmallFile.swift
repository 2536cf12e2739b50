import Glibc

/// Writes a small file so that its name only ever stands for the whole of it.
enum SmallFile {
    /// Writes `bytes` under a temporary name in the same folder, brings them to the disk, and renames the file.
    ///
    /// - Throws: ``TrackingError`` where that fails; the temporary file is then gone, and an old file is as it was.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = "\(path).partial-\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemFailure(errno).error(path, cannotBe: "created") }
        var failure = OpenDescriptor.write(bytes, to: descriptor)
        if failure == nil, fsync(descriptor) != 0 { failure = SystemFailure(errno) }
        if close(descriptor) != 0, failure == nil { failure = SystemFailure(errno) }
        if failure == nil, rename(temporary, path) != 0 { failure = SystemFailure(errno) }
        if let failure {
            unlink(temporary)
            throw failure.error(path, cannotBe: "written")
        }
    }
}
