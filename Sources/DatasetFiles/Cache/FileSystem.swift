import Foundation

/// What identifies a file's contents without reading them.
struct FileStatus: Sendable, Hashable, Codable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int

    /// The status of a regular file, links followed; nil where there is none.
    init?(regularFile path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        modifiedSeconds = Int(status.st_mtim.tv_sec)
        modifiedNanoseconds = Int(status.st_mtim.tv_nsec)
    }
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The text of the current `errno`.
func systemErrorText(_ number: Int32 = errno) -> String {
    String(cString: strerror(number))
}

/// An open file descriptor that is closed once, when the last reference goes.
final class FileDescriptor: Sendable {
    let number: Int32

    /// Opens a file, which programs that are started do not inherit; nil leaves the reason in `errno`.
    init?(opening path: String, _ flags: Int32, mode: mode_t = 0o644) {
        let number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }
}

/// Brings a finished file to the disk and gives it its final name, in one step.
func publish(_ temporary: String, as final: String) throws {
    try withExtendedLifetime(FileDescriptor(opening: temporary, O_RDONLY)) { file in
        guard let file, fsync(file.number) == 0 else { throw writingError(temporary, errno) }
    }
    guard rename(temporary, final) == 0 else { throw writingError(final, errno) }
    // The new name itself must survive a power failure too; a file system that cannot do this still has the file.
    let folder = (final as NSString).deletingLastPathComponent
    withExtendedLifetime(FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY)) { descriptor in
        if let descriptor { _ = fsync(descriptor.number) }
    }
}

/// The error for a file that could not be written.
func writingError(_ path: String, _ number: Int32) -> DatasetError {
    if number == ENOSPC || number == EDQUOT {
        return DatasetError(
            .diskFull,
            "no room left for \(path) (\(systemErrorText(number))). Free some space, or set XDG_CACHE_HOME to a folder "
                + "on a larger disk; what has arrived is kept and resumed.")
    }
    return DatasetError(
        .cacheUnavailable,
        "\(path) cannot be written: \(systemErrorText(number)). Make the folder writable, or set XDG_CACHE_HOME to one "
            + "that is.")
}
