import Glibc

/// An `errno` in words: the system's text, and what to do about it.
package struct SystemFailure: Error, CustomStringConvertible, Sendable, Hashable {
    package let number: Int32

    /// The failure that `errno` number stands for.
    package init(_ number: Int32) {
        self.number = number
    }

    /// The system's own text, with the number.
    package var text: String { "\(String(cString: strerror(number))) (errno \(number))" }

    package var description: String { text }

    /// Whether the disk, or the share of it that the user may take, is full.
    package var isDiskFull: Bool { number == ENOSPC || number == EDQUOT }

    /// The likely cause and the next step.
    package var advice: String {
        switch number {
        case ENOSPC: "The disk is full: free some space, or choose a folder on another disk."
        case EDQUOT: "Your disk quota is used up: remove files of yours, or choose a folder on another disk."
        case EROFS: "The file system is mounted read-only: choose a folder that can be written."
        case EACCES, EPERM: "Your user may not do that: check owner and permissions with `ls -ld`."
        case ENOENT: "There is no such file or folder: check the spelling, and create the folder first."
        case ENOTDIR, EEXIST: "A part of the path is a file, not a folder: choose another path."
        case EISDIR: "The path names a folder: name a file in it."
        case EFBIG: "A limit on file sizes was reached: see `ulimit -f`, or the file system's own limit."
        case EIO: "The disk or the network share reports a fault: see `dmesg`, and use another disk."
        case EPIPE: "Whoever read the output has gone: keep the reader running, or write to a file."
        case EMFILE, ENFILE: "Too many files are open: raise the limit with `ulimit -n`."
        case ENAMETOOLONG: "The name is too long for the file system: choose a shorter one."
        case ENOMEM: "There is not enough memory or address space: see `ulimit -v` and `free -h`."
        case ELOOP: "Symbolic links lead in a circle: name the file directly."
        case ESTALE: "The network share has lost the file: mount it again."
        default: "Check the path, the disk and its mount."
        }
    }

    /// The error for `path`, which cannot be `verb`.
    ///
    /// - Parameter code: ``FileError/Code/unreadable`` or ``FileError/Code/unwritable``; a missing file that cannot be
    ///   read, and a full disk, have codes of their own.
    package func error(
        _ path: String, cannotBe verb: String, _ code: FileError.Code = .unwritable,
        fileID: StaticString = #fileID, line: UInt = #line
    ) -> FileError {
        let isMissing = number == ENOENT && code == .unreadable
        return FileError(
            isDiskFull ? .diskFull : isMissing ? .notFound : code, path,
            "\(path) cannot be \(verb): \(text). \(advice)", cause: self, fileID: fileID, line: line)
    }
}
