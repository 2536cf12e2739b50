import Files
import Foundation

/// The lock on one data set's cache folder: one process downloads or unpacks, the others wait.
///
/// It is `flock` on a file, so it ends with its process, however that ends. The file's text says who holds the lock
/// and for what; those who wait show it. The file is never removed, since then two processes could each lock one.
enum CacheLock {
    /// Who holds the lock, and how the work ended if it failed.
    struct Record: Codable, Sendable, Hashable {
        var pid: Int32
        var host: String
        var purpose: String
        var failureCode: String?
        var failure: String?

        /// The holder's pid, and its host where that is another.
        var holder: String {
            host == ProcessInfo.processInfo.hostName ? "pid \(pid)" : "pid \(pid) on \(host)"
        }
    }

    /// Runs `body` while this process holds the lock of `folder`.
    ///
    /// A process that had to wait, and whose predecessor failed at the same purpose, gets that failure at once, so
    /// that N ranks do not wait for N downloads that fail.
    ///
    /// - Parameters:
    ///   - folder: an existing folder that can be written.
    ///   - purpose: what the lock is for, as in `waiting for the download of MNIST by pid 4711`.
    static func withLock<Result>(
        on folder: String, for purpose: String, report: @Sendable (DatasetNotice) -> Void,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let path = folder + "/.lock"
        let file = try withFileErrors(as: DatasetError.init(_:)) {
            try FileDescriptor(opening: path, O_RDWR | O_CREAT)
        }
        let waited = try await acquire(file, path, purpose, report)
        // The descriptor's end releases the lock; programs started meanwhile do not inherit it.
        defer { withExtendedLifetime(file) {} }
        if waited, let record = read(file), record.purpose == purpose, let failure = record.failure {
            throw DatasetError(
                record.failureCode.flatMap(DatasetError.Code.init(named:)) ?? .downloadFailed,
                "\(purpose) by \(record.holder) failed: \(failure)")
        }
        var record = Record(pid: getpid(), host: ProcessInfo.processInfo.hostName, purpose: purpose)
        write(record, to: file)
        do {
            let result = try await body()
            _ = ftruncate(file.number, 0)
            return result
        } catch let error as DatasetError {
            record.failureCode = error.code.description
            record.failure = error.description
            write(record, to: file)
            throw error
        }
    }

    /// Takes the lock, and returns whether somebody else had it first.
    private static func acquire(
        _ file: FileDescriptor, _ path: String, _ purpose: String, _ report: (DatasetNotice) -> Void
    ) async throws -> Bool {
        var shown: Record?
        var waited = false
        while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw DatasetError(
                    .cacheUnavailable,
                    "\(path) cannot be locked: \(SystemFailure(errno).text). The file system probably has no locks; set "
                        + "XDG_CACHE_HOME to a folder on a local disk.")
            }
            waited = true
            // The holder may not have written its record yet: then it is shown at the next look.
            if let record = read(file), record.failure == nil, record != shown {
                report(.line("waiting for \(record.purpose) by \(record.holder)"))
                shown = record
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return waited
    }

    private static func read(_ file: FileDescriptor) -> Record? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = pread(file.number, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return try? JSONDecoder().decode(Record.self, from: Data(bytes[..<count]))
    }

    /// Writes the record; whoever waits can do without it, so a full disk is no error here.
    private static func write(_ record: Record, to file: FileDescriptor) {
        guard let data = try? JSONEncoder().encode(record) else { return }
        _ = ftruncate(file.number, 0)
        _ = data.withUnsafeBytes { pwrite(file.number, $0.baseAddress, $0.count, 0) }
    }
}
