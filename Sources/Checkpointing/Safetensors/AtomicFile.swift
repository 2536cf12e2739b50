import Glibc

/// Writes a file so that its name only ever stands for the whole of it.
///
/// The bytes go into a temporary file in the same folder, which is brought to the disk, renamed, and the folder brought
/// to the disk. Whatever fails, the temporary file is removed and an old file under the name stays as it was. A process
/// that is killed leaves the temporary file behind: its name starts with ``temporaryPrefix``.
enum AtomicFile {
    /// How the names of temporary files start; the process id and a random number follow.
    static let temporaryPrefix = ".lockstep-partial-"

    /// Writes the file at `path` with what `body` puts out.
    ///
    /// - Throws: ``SafetensorsError`` with the path, the system's text, the likely cause and the next step; or what
    ///   `body` throws.
    static func write(to path: String, _ body: (inout FileOutput) throws -> Void) throws {
        let target = try Target(path)
        let temporary = try create(in: target.folder, for: path)
        var isRenamed = false
        defer { if !isRenamed { unlink(temporary.path) } }
        do {
            var output = FileOutput(temporary.descriptor, for: path)
            try body(&output)
            try output.flush()
            guard fsync(temporary.descriptor) == 0 else {
                throw SafetensorsError.unwritable(path, "brought to the disk", errno)
            }
        } catch {
            close(temporary.descriptor)
            throw error
        }
        // Network file systems report late write errors here.
        guard close(temporary.descriptor) == 0 else { throw SafetensorsError.unwritable(path, "closed", errno) }
        guard rename(temporary.path, path) == 0 else {
            throw SafetensorsError.unwritable(path, "put in place of the old file", errno)
        }
        isRenamed = true
        try synchronize(folder: target.folder, of: path)
    }

    /// What a path leads to: it has to be a regular file or nothing, in a folder.
    private struct Target {
        let folder: String

        init(_ path: String) throws {
            guard let last = path.utf8.last, last != UInt8(ascii: "/") else {
                throw SafetensorsError(
                    .fileUnwritable, "\(path.quotedForMessage) names no file to write: add a file's name to the path.")
            }
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
                let kind = status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device, pipe or socket"
                throw SafetensorsError(
                    .fileUnwritable, "\(path) cannot be written: it is \(kind). Choose another name for the file.")
            }
            if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
                folder = slash == path.startIndex ? "/" : String(path[..<slash])
            } else {
                folder = "."
            }
        }
    }

    private static func create(in folder: String, for path: String) throws -> (path: String, descriptor: Int32) {
        while true {
            let number = String(UInt64.random(in: 0 ... .max), radix: 36)
            let temporary = "\(folder)/\(temporaryPrefix)\(getpid())-\(number)"
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return (temporary, descriptor) }
            if errno == EEXIST || errno == EINTR { continue }
            throw SafetensorsError.unwritable(path, "created", errno)
        }
    }

    private static func synchronize(folder: String, of path: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SafetensorsError.unwritable(path, "confirmed in its folder", errno) }
        defer { close(descriptor) }
        // Some file systems cannot bring folders to the disk and say so with EINVAL.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw SafetensorsError.unwritable(path, "confirmed in its folder", errno)
        }
    }
}

extension SafetensorsError {
    /// The error for a file that the system does not let us write.
    static func unwritable(
        _ path: String, _ verb: String, _ number: Int32, fileID: StaticString = #fileID, line: UInt = #line
    ) -> SafetensorsError {
        let failure = SystemFailure(number)
        return SafetensorsError(
            failure.isDiskFull ? .diskFull : .fileUnwritable,
            "\(path) cannot be \(verb): \(failure.text). \(failure.advice)", fileID: fileID, line: line)
    }
}
