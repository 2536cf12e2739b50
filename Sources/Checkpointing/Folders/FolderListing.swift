import Files
import Glibc

/// The names in a folder, and the removal of a folder with all that it holds.
enum FolderListing {
    /// The names in a folder, in no order, without `.` and `..`; nil where there is no such folder.
    ///
    /// - Throws: ``CheckpointError`` with `unreadable`.
    static func names(in folder: String) throws -> [String]? {
        guard let stream = opendir(folder) else {
            let failure = SystemFailure(errno)
            if failure.number == ENOENT { return nil }
            throw CheckpointError(reading: failure.error(folder, cannotBe: "listed", .unreadable))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else {
            throw CheckpointError(reading: SystemFailure(errno).error(folder, cannotBe: "listed", .unreadable))
        }
        return names
    }

    /// Removes a file, a link, or a folder with all that it holds; links are not followed.
    ///
    /// - Throws: ``CheckpointError``; some of it may be gone then.
    static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        let refusal = SystemFailure(errno)
        // Linux says EISDIR for folders, others EPERM.
        guard refusal.number == EISDIR || refusal.number == EPERM else {
            throw CheckpointError(refusal, path, cannotBe: "removed")
        }
        for name in try names(in: path) ?? [] { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else {
            let failure = SystemFailure(errno)
            throw CheckpointError(
                failure.number == ENOTDIR ? refusal : failure, path, cannotBe: "removed")
        }
    }

    /// Creates a folder and those above it, and brings their names to the disk.
    ///
    /// - Throws: ``CheckpointError``.
    static func create(_ path: String) throws {
        if mkdir(path, 0o777) != 0 {
            let failure = SystemFailure(errno)
            let parent = Self.parent(of: path)
            switch failure.number {
            case EEXIST:
                var status = stat()
                if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
                throw CheckpointError(failure, path, cannotBe: "created")
            case ENOENT where parent != path:
                try create(parent)
                guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
                    throw CheckpointError(SystemFailure(errno), path, cannotBe: "created")
                }
            default: throw CheckpointError(failure, path, cannotBe: "created")
            }
        }
        try synchronize(parent(of: path))
    }

    /// The folder above a path.
    static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Brings the names in a folder to the disk.
    ///
    /// - Throws: ``CheckpointError``, `notSynchronized` but for a lack of space.
    static func synchronize(_ folder: String) throws {
        let descriptor = try withFileErrors(as: CheckpointError.init(writing:)) {
            try FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)
        }
        // Some file systems cannot bring folders to the disk and say so with EINVAL.
        if fsync(descriptor.number) != 0, errno != EINVAL, errno != ENOTSUP {
            let failure = SystemFailure(errno)
            throw CheckpointError(
                failure, folder, cannotBe: "brought to the disk", .init(synchronizing: failure))
        }
    }
}
