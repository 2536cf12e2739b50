import Dispatch
import Synchronization

/// Appends records to a file, one JSON object a line (JSON Lines).
///
/// Writing a record costs about a microsecond and never waits for the disk: lines are gathered in memory, and go out
/// whole, in one piece, within a second or at 64 KiB. A process that is killed loses the lines of its last second at
/// most and leaves whole lines, except that the last one may be cut; opening the file again removes such a line.
/// Programs that end by `exit` call ``close()`` first.
///
/// Numbers that are not finite are written as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`, since JSON has no
/// notation for them.
///
/// ```swift
/// let metrics = try MetricsWriter(folder.metricsPath) { error in log.error("\(error)") }
/// metrics.write(["step": 100, "loss": .single(loss)])
/// try metrics.close()
/// ```
public final class MetricsWriter: Sendable {
    private static let largestDelay = DispatchTimeInterval.seconds(1)
    private static let writtenAt = 1 << 16
    /// Above this the caller waits, so that a slow disk cannot fill the memory.
    private static let waitingAt = 1 << 22
    /// Above this, with a disk that takes nothing, lines are dropped and counted.
    private static let droppedAt = 1 << 24

    private struct Pending {
        var lines = JSONBytes()
        var isFlushPlanned = false
        var isFlushUrgent = false
        var isClosed = false
        var hasReported = false
        var droppedLines = 0
    }

    private enum Step { case none, plan, hurry, wait, reportClosed }

    /// The file's path.
    public let path: String

    /// How many bytes of an unfinished last line were removed when the file was opened.
    public let removedBytes: Int

    private let pending = Mutex(Pending())
    // Whoever holds this lock takes lines out of `pending`, so that they reach the file in their order.
    private let file: Mutex<MetricsFile?>
    private let queue = DispatchQueue(label: "metrics", qos: .utility)
    private let onFailure: @Sendable (TrackingError) -> Void

    /// Opens a file for appending, or creates it.
    ///
    /// - Parameters:
    ///   - path: The file; its folder has to exist.
    ///   - byteCount: How much of an existing file to keep, for a run that goes on from a point that it has passed; all of
    ///     it if nil.
    ///   - onFailure: Called once, on a thread of the writer's, when lines cannot be written for the first time.
    /// - Throws: ``TrackingError`` where the file cannot be opened, or another writer has it.
    public init(
        _ path: String, keepingFirst byteCount: Int? = nil, onFailure: @escaping @Sendable (TrackingError) -> Void
    ) throws {
        let opened = try MetricsFile(path, keepingFirst: byteCount)
        self.path = path
        self.removedBytes = opened.removedBytes
        self.file = Mutex(consume opened)
        self.onFailure = onFailure
    }

    deinit {
        // Where closing fails, it has told `onFailure`.
        try? close()
    }

    /// Adds a line; may be called from any thread.
    ///
    /// After ``close()`` the record is not written, and `onFailure` is told so.
    public func write(_ record: MetricsRecord) {
        let step = pending.withLock { pending -> Step in
            if pending.isClosed { return .reportClosed }
            guard pending.lines.bytes.count < Self.droppedAt else {
                pending.droppedLines += 1
                return .none
            }
            pending.lines.append(record)
            pending.lines.endLine()
            return Self.nextStep(&pending)
        }
        switch step {
        case .none: break
        case .plan: queue.asyncAfter(deadline: .now() + Self.largestDelay) { [weak self] in self?.writeGathered() }
        case .hurry: queue.async { [weak self] in self?.writeGathered() }
        case .wait: writeGathered()
        case .reportClosed: report(closedError)
        }
    }

    /// Hands all lines so far to the operating system.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be written. The lines are kept, and tried again with the next.
    public func flush() throws {
        _ = try flushedByteCount()
    }

    /// Hands all lines so far to the operating system, and gives the file's length in bytes.
    ///
    /// - Throws: ``TrackingError`` as ``flush()``.
    public func flushedByteCount() throws -> Int {
        do {
            return try file.withLock { file in
                try writeLines(&file)
                guard let length = try file?.byteCount else { throw closedError }
                return length
            }
        } catch let error as TrackingError {
            report(error)
            throw error
        }
    }

    /// Removes all lines behind a length that ``flushedByteCount()`` gave, for a run that goes back to where it was then.
    ///
    /// - Throws: ``TrackingError`` where the file cannot be shortened.
    public func shorten(to byteCount: Int) throws {
        try file.withLock { file in
            _ = pending.withLock { $0.lines.take() }
            try file?.shorten(to: byteCount)
        }
    }

    /// Writes what is left and closes the file; a second call does nothing.
    ///
    /// - Throws: ``TrackingError`` that counts the lines which could not be written, now or earlier.
    public func close() throws {
        let wasClosed = pending.withLock { pending in
            defer { pending.isClosed = true }
            return pending.isClosed
        }
        if wasClosed { return }
        do {
            try file.withLock { file in
                defer { file = nil }
                try writeLines(&file)
            }
        } catch let error as TrackingError {
            let lost = pending.withLock { pending in
                pending.lines.bytes.count { $0 == UInt8(ascii: "\n") } + pending.droppedLines
            }
            let final = TrackingError(error.code, "\(lost) lines of metrics are lost: \(error.message)", cause: error)
            report(final)
            throw final
        }
        let dropped = pending.withLock { $0.droppedLines }
        if dropped > 0 {
            throw TrackingError(
                .fileUnwritable,
                "\(dropped) lines of metrics are missing from \(path): the disk took nothing for too long, and memory "
                    + "for them is limited. Use a faster or less crowded disk.")
        }
    }

    // MARK: Writing

    private static func nextStep(_ pending: inout Pending) -> Step {
        let size = pending.lines.bytes.count
        if size >= waitingAt, !pending.hasReported { return .wait }
        if size >= writtenAt, !pending.isFlushUrgent {
            pending.isFlushUrgent = true
            return .hurry
        }
        if !pending.isFlushPlanned {
            pending.isFlushPlanned = true
            return .plan
        }
        return .none
    }

    private func writeGathered() {
        do {
            try file.withLock { file in try writeLines(&file) }
        } catch let error as TrackingError {
            report(error)
        } catch {
            report(TrackingError(.fileUnwritable, "\(path) cannot be written.", cause: error))
        }
    }

    /// Writes the pending lines; what the system does not take goes back to the front, to be continued where it broke.
    private func writeLines(_ file: inout MetricsFile?) throws {
        let lines = pending.withLock { pending in
            pending.isFlushPlanned = false
            pending.isFlushUrgent = false
            return pending.lines.take()
        }
        guard !lines.isEmpty else { return }
        var written = 0
        do {
            try file?.write(lines, written: &written)
        } catch {
            pending.withLock { $0.lines.putBack(lines[written...]) }
            throw error
        }
    }

    private func report(_ error: TrackingError) {
        let isFirst = pending.withLock { pending in
            defer { pending.hasReported = true }
            return !pending.hasReported
        }
        if isFirst { onFailure(error) }
    }

    private var closedError: TrackingError {
        TrackingError(.closed, "\(path) was closed before these metrics were written. Close it after the last record.")
    }
}
