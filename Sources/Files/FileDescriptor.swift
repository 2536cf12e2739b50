import Glibc

/// An open file descriptor that is closed once, when the last reference goes.
package final class FileDescriptor: Sendable {
    package let number: Int32

    /// Opens a file, which programs that are started do not inherit.
    ///
    /// - Throws: ``FileError``, `unwritable` where the flags ask for more than reading.
    package init(
        opening path: String, _ flags: Int32, mode: mode_t = 0o666,
        fileID: StaticString = #fileID, line: UInt = #line
    ) throws {
        let number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else {
            throw SystemFailure(errno).error(
                path, cannotBe: "opened", flags & O_ACCMODE == O_RDONLY ? .unreadable : .unwritable,
                fileID: fileID, line: line)
        }
        self.number = number
    }

    deinit { close(number) }
}
