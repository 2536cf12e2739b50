import Glibc

/// A file of lines, open for appending by one writer alone.
struct MetricsFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// How many bytes of an unfinished last line were removed when the file was opened.
    let removedBytes: Int

    /// Opens or creates a file, locks it, and removes a last line that was never finished.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be opened, or another writer has it.
    init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemFailure(errno).error(path, cannotBe: "opened") }
        do {
            try Self.lock(descriptor, path)
            removedBytes = try Self.removeUnfinishedLine(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes bytes at the end.
    ///
    /// - Parameter written: How many bytes were taken, also where an error ends the writing.
    /// - Throws: ``TrackingError`` where the system refuses.
    func write(_ bytes: [UInt8], written: inout Int) throws {
        let failure = bytes.withUnsafeBytes { OpenDescriptor.write($0, to: descriptor, written: &written) }
        if let failure { throw failure.error(path, cannotBe: "written") }
    }

    /// Whether a writer has this file open now, in this process or another.
    static func isInUse(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func lock(_ descriptor: Int32, _ path: String) throws {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                throw TrackingError(
                    .fileInUse,
                    "\(path) is being written by another run, or by another writer of this one. Two would mix their lines: "
                        + "wait for the other, or choose another run folder.")
            // Some network shares know no locks; a second writer then goes unnoticed.
            default: return
            }
        }
    }

    private static func removeUnfinishedLine(_ descriptor: Int32, _ path: String) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemFailure(errno).error(path, cannotBe: "examined") }
        guard status.st_mode & S_IFMT == S_IFREG else { return 0 }
        let size = Int(status.st_size)
        let end = try endOfLastLine(descriptor, path, size: size)
        guard end < size else { return 0 }
        guard ftruncate(descriptor, off_t(end)) == 0 else {
            throw SystemFailure(errno).error(path, cannotBe: "repaired")
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
                throw SystemFailure(count < 0 ? errno : EIO).error(path, cannotBe: "read")
            }
            if let last = block[..<count].lastIndex(of: UInt8(ascii: "\n")) { return start + last + 1 }
            end = start
        }
        return 0
    }
}
