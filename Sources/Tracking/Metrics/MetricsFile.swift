import Files
import Glibc

/// A file of lines, open for appending by one writer alone.
struct MetricsFile: ~Copyable {
    let path: String
    private let file: FileDescriptor

    /// How many bytes of an unfinished last line were removed when the file was opened.
    let removedBytes: Int

    /// Opens or creates a file, locks it, and removes a last line that was never finished.
    ///
    /// - Parameter byteCount: How much of an existing file to keep; all of it if nil.
    /// - Throws: ``TrackingError`` where the file cannot be opened, or another writer has it.
    init(_ path: String, keepingFirst byteCount: Int? = nil) throws {
        let file = try withFileErrors(as: { TrackingError($0) }) { try Self.openLocked(path) }
        if let byteCount { try Self.shorten(file.number, path, to: byteCount) }
        removedBytes = try Self.removeUnfinishedLine(file.number, path)
        self.path = path
        self.file = file
    }

    /// Removes what is behind a length.
    ///
    /// - Throws: ``TrackingError`` where the system refuses.
    func shorten(to byteCount: Int) throws { try Self.shorten(file.number, path, to: byteCount) }

    private static func shorten(_ descriptor: Int32, _ path: String, to byteCount: Int) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > byteCount else { return }
        guard ftruncate(descriptor, byteCount) == 0 else {
            throw TrackingError(SystemFailure(errno).error(path, cannotBe: "shortened"))
        }
    }

    /// Writes bytes at the end.
    ///
    /// - Parameter written: How many bytes were taken, also where an error ends the writing.
    /// - Throws: ``TrackingError`` where the system refuses.
    func write(_ bytes: [UInt8], written: inout Int) throws {
        let failure = bytes.withUnsafeBytes { OpenDescriptor.write($0, to: file.number, written: &written) }
        if let failure { throw TrackingError(failure.error(path, cannotBe: "written")) }
    }

    /// The file's length in bytes.
    var byteCount: Int {
        get throws {
            var status = stat()
            guard fstat(file.number, &status) == 0 else {
                throw TrackingError(SystemFailure(errno).error(path, cannotBe: "examined"))
            }
            return Int(status.st_size)
        }
    }

    /// Runs `body` while no writer has this file open, in this process or another, nor can open it.
    ///
    /// - Returns: What `body` returns, or nil, with `body` not run, where a writer has the file.
    static func withoutWriter<Result>(_ path: String, _ body: () throws -> Result) throws -> Result? {
        while true {
            // There has to be a file to lock, if only an empty one.
            let descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
            guard descriptor >= 0 else { return try body() }
            defer { close(descriptor) }
            guard lock(descriptor) else { return nil }
            guard isName(path, of: descriptor) else { continue }
            defer { removeEmpty(path, descriptor) }
            return try body()
        }
    }

    private static func removeEmpty(_ path: String, _ descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 else { return }
        if isName(path, of: descriptor) { unlink(path) }
    }

    private static func openLocked(_ path: String) throws -> FileDescriptor {
        while true {
            let file = try FileDescriptor(opening: path, O_RDWR | O_CREAT | O_APPEND)
            guard lock(file.number) else {
                throw TrackingError(
                    .fileInUse,
                    "\(path) is being written by another run, or by another writer of this one. Two would mix their lines: "
                        + "wait for the other, or choose another run folder.")
            }
            // A run that starts in the same folder may have renamed the file before it was locked.
            if isName(path, of: file.number) { return file }
        }
    }

    /// Takes the lock of an open file; false where somebody else has it.
    private static func lock(_ descriptor: Int32) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            // Some network shares know no locks; a second writer then goes unnoticed.
            default: return true
            }
        }
        return true
    }

    private static func isName(_ path: String, of descriptor: Int32) -> Bool {
        var (named, opened) = (stat(), stat())
        guard stat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
        return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)
    }

    private static func removeUnfinishedLine(_ descriptor: Int32, _ path: String) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw TrackingError(SystemFailure(errno).error(path, cannotBe: "examined"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return 0 }
        let size = Int(status.st_size)
        let end = try endOfLastLine(descriptor, path, size: size)
        guard end < size else { return 0 }
        guard ftruncate(descriptor, off_t(end)) == 0 else {
            throw TrackingError(SystemFailure(errno).error(path, cannotBe: "repaired"))
        }
        return size - end
    }

    /// The position behind the last line feed, looked for from the end.
    private static func endOfLastLine(_ descriptor: Int32, _ path: String, size: Int) throws -> Int {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var end = size
        while end > 0 {
            let start = max(0, end - block.count)
            let count = pread(descriptor, &block, end - start, off_t(start))
            if count < 0, errno == EINTR { continue }
            guard count == end - start else {
                throw TrackingError(SystemFailure(count < 0 ? errno : EIO).error(path, cannotBe: "read"))
            }
            if let last = block[..<count].lastIndex(of: UInt8(ascii: "\n")) { return start + last + 1 }
            end = start
        }
        return 0
    }
}
