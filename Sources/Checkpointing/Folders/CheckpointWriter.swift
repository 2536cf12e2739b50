import Files
import Foundation
import Torch

/// Writes checkpoints on a thread of its own, one after the other, while training goes on.
///
/// ```swift
/// let writer = CheckpointWriter(CheckpointFolder(at: "runs/a/checkpoints"), keep: .last(3))
/// writer.reserve(for: checkpoint)                            // before the first step
/// writer.save(checkpoint)                                    // returns when the tensors are copied
/// while let outcome = writer.takeOutcome() { report(outcome) }
/// try writer.finish()                                        // at the end
/// ```
/// A process that ends without ``finish()`` may leave a save behind that did not end; ``CheckpointFolder/sweep()``
/// removes it.
public final class CheckpointWriter: Sendable {
    /// How a save ended.
    public struct Outcome: Sendable {
        /// The step that was to be saved.
        public let step: Int
        /// What was saved, or why nothing was; earlier checkpoints are as they were then.
        public let result: Result<SavedCheckpoint, CheckpointError>
        /// How long the writing took.
        public let duration: Duration
    }

    /// Where the checkpoints go.
    public let folder: CheckpointFolder
    /// Which of them stay.
    public let keep: KeepPolicy

    private let memory = SnapshotMemory()
    private let condition = NSCondition()
    // Only touched while `condition` is locked.
    private nonisolated(unsafe) var isWriting = false
    private nonisolated(unsafe) var outcomes: [Outcome] = []

    /// A writer that has nothing to do yet.
    public init(_ folder: CheckpointFolder, keep: KeepPolicy) {
        self.folder = folder
        self.keep = keep
    }

    /// Gets memory for the copies of such a checkpoint, on the thread; the first save then takes no longer than others.
    public func reserve(for checkpoint: Checkpoint) {
        let byteCount = CheckpointSnapshot.memorySize(of: checkpoint)
        begin()
        let isStarted = CheckpointThread.start { [self] in
            memory.reserve(byteCount)
            end(with: nil)
        }
        // Without a thread the first save does it.
        if !isStarted { end(with: nil) }
    }

    /// Copies a checkpoint and hands it to the thread.
    ///
    /// Waits for the save in progress first, so that one copy in memory is enough; it is used again for each save.
    public func save(_ checkpoint: Checkpoint) {
        wait()
        save(CheckpointFolder.snapshot(checkpoint, in: memory))
    }

    /// Hands a snapshot to the thread, after the save in progress has ended.
    public func save(_ snapshot: CheckpointSnapshot) {
        begin()
        let isStarted = CheckpointThread.start { [self] in write(snapshot) }
        // A system that starts no more threads: training waits, and the checkpoint is saved.
        if !isStarted { write(snapshot) }
    }

    /// Waits for the save in progress, if there is one.
    public func wait() {
        condition.lock()
        while isWriting { condition.wait() }
        condition.unlock()
    }

    /// Takes the outcome of the earliest save that has ended and was not asked for yet; does not wait.
    public func takeOutcome() -> Outcome? {
        condition.lock()
        defer { condition.unlock() }
        return outcomes.isEmpty ? nil : outcomes.removeFirst()
    }

    /// Waits for the save in progress, and takes all outcomes that were not asked for yet.
    ///
    /// - Throws: ``CheckpointError`` of the first of these saves that failed.
    @discardableResult
    public func finish() throws -> [Outcome] {
        wait()
        var taken: [Outcome] = []
        while let outcome = takeOutcome() { taken.append(outcome) }
        for outcome in taken { _ = try outcome.result.get() }
        return taken
    }

    private func write(_ snapshot: CheckpointSnapshot) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = Result { try folder.write(snapshot, keep: keep) }.mapError { error in
            error as? CheckpointError
                ?? CheckpointError(.unwritable, "\(error)", file: folder.path, cause: error)
        }
        end(with: Outcome(step: snapshot.step, result: result, duration: start.duration(to: clock.now)))
    }

    /// Waits for the work in progress, and starts the next.
    private func begin() {
        condition.lock()
        while isWriting { condition.wait() }
        isWriting = true
        condition.unlock()
    }

    private func end(with outcome: Outcome?) {
        condition.lock()
        if let outcome { outcomes.append(outcome) }
        isWriting = false
        condition.broadcast()
        condition.unlock()
    }
}

/// The thread of one save; it gets no signals.
private enum CheckpointThread {
    /// Starts the thread; false where the system starts none.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let retained = Unmanaged.passRetained(Body(run: body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                nameThisThread("checkpoint")
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard status == 0 else {
            retained.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
