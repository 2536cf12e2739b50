import Glibc

/// Writes a file so that its name only ever stands for the whole of it.
///
/// The bytes go into a temporary file in the same folder, which is brought to the disk, renamed, and the folder brought
/// to the disk. Whatever fails, the temporary file is removed and an old file under the name stays as it was. A process
/// that is killed leaves the temporary file behind: its name starts with ``temporaryPrefix``.
package enum AtomicFile {
    /// How the names of temporary files start; the process id and a random number follow.
    package static let temporaryPrefix = ".lockstep-partial-"

    /// Writes the file at `path` with what `body` puts out.
    ///
    /// - Throws: ``FileError`` with the system's text, the likely cause and the next step; or what `body` throws.
    package static func write(to path: String, _ body: (inout FileOutput) throws -> Void) throws {
        try checkTarget(path)
        let temporary = try create(in: folder(of: path), for: path)
        do {
            try fill(temporary.descriptor, for: path, body)
            try rename(temporary.path, to: path)
        } catch {
            unlink(temporary.path)
            throw error
        }
        try synchronize(folder: folder(of: path), of: path)
    }

    /// Writes `bytes` to the file at `path`.
    ///
    /// - Throws: ``FileError`` with the system's text, the likely cause and the next step.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { output in try bytes.withUnsafeBytes { try output.append($0) } }
    }

    /// Brings a finished file in the same file system to the disk, and gives it its final name.
    ///
    /// - Throws: ``FileError``; the finished file is still there under the one name or the other.
    package static func publish(_ temporary: String, as path: String) throws {
        let descriptor = try FileDescriptor(opening: temporary, O_RDONLY)
        try withExtendedLifetime(descriptor) {
            guard fsync(descriptor.number) == 0 else {
                throw SystemFailure(errno).error(temporary, cannotBe: "brought to the disk")
            }
        }
        try rename(temporary, to: path)
        try synchronize(folder: folder(of: path), of: path)
    }

    // MARK: Before the writing

    /// Throws where `path` cannot be a file's name, or is that of something other than a regular file.
    private static func checkTarget(_ path: String) throws {
        guard let last = path.utf8.last, last != UInt8(ascii: "/") else {
            throw FileError(
                .unwritable, path, "\"\(path)\" names no file to write: add a file's name to the path.")
        }
        var status = stat()
        if stat(path, &status) == 0, !status.isRegular {
            throw FileError(
                .unwritable, path,
                "\(path) cannot be written: it is \(status.nameOfOtherForm). Choose another name for the file.")
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func create(in folder: String, for path: String) throws -> (path: String, descriptor: Int32) {
        while true {
            let number = String(UInt64.random(in: 0 ... .max), radix: 36)
            let temporary = "\(folder)/\(temporaryPrefix)\(getpid())-\(number)"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return (temporary, descriptor) }
            if errno == EEXIST || errno == EINTR { continue }
            throw SystemFailure(errno).error(path, cannotBe: "created")
        }
    }

    // MARK: The writing and after

    /// Writes, brings to the disk and closes.
    private static func fill(
        _ descriptor: Int32, for path: String, _ body: (inout FileOutput) throws -> Void
    ) throws {
        do {
            var output = FileOutput(descriptor, for: path)
            try body(&output)
            try output.flush()
            guard fsync(descriptor) == 0 else {
                throw SystemFailure(errno).error(path, cannotBe: "brought to the disk")
            }
        } catch {
            close(descriptor)
            throw error
        }
        // Network file systems report late write errors here.
        guard close(descriptor) == 0 else { throw SystemFailure(errno).error(path, cannotBe: "closed") }
    }

    private static func rename(_ temporary: String, to path: String) throws {
        guard Glibc.rename(temporary, path) == 0 else {
            throw SystemFailure(errno).error(path, cannotBe: "put in place of the old file")
        }
    }

    private static func synchronize(folder: String, of path: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemFailure(errno).error(path, cannotBe: "confirmed in its folder") }
        defer { close(descriptor) }
        // Some file systems cannot bring folders to the disk and say so with EINVAL.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw SystemFailure(errno).error(path, cannotBe: "confirmed in its folder")
        }
    }
}
