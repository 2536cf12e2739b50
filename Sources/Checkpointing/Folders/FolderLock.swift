import Files
import Glibc

/// A mark on a folder that somebody works in it, which ends with its process, however that ends.
enum FolderLock {
    /// Whether somebody works in a folder.
    enum State {
        case free, held
        /// The file system has no locks, or the folder cannot be opened.
        case unknown
    }

    /// Marks a folder until the descriptor goes; nil where the file system has no locks.
    static func take(_ folder: String) -> FileDescriptor? {
        // Without locks the process id in the folder's name has to do.
        guard let descriptor = try? FileDescriptor(opening: folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
            flock(descriptor.number, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        return descriptor
    }

    /// Whether a process, this one included, works in a folder.
    static func state(of folder: String) -> State {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return .unknown }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .free }
        return errno == EWOULDBLOCK ? .held : .unknown
    }
}
