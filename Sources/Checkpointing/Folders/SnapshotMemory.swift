import Glibc
import Synchronization

/// Memory for snapshots that is kept from save to save, since new memory costs more than the copy into it.
///
/// It keeps one block that no snapshot uses at the moment.
public final class SnapshotMemory: Sendable {
    private let idle = Mutex<SnapshotBlock?>(nil)

    /// Starts with no memory.
    public init() {}

    /// A block of at least so many bytes.
    func block(of byteCount: Int) -> SnapshotBlock {
        let kept = idle.withLock { idle in
            defer { idle = nil }
            return idle
        }
        if let kept, kept.capacity >= byteCount { return kept }
        return SnapshotBlock(capacity: byteCount)
    }

    /// Gets memory for a checkpoint from the system now, so that the first snapshot takes no longer than the others.
    ///
    /// On a virtual machine new memory can take thirty times as long as the copy into it.
    public func reserve(for checkpoint: Checkpoint) {
        reserve(CheckpointSnapshot.memorySize(of: checkpoint))
    }

    /// Gets so many bytes from the system now.
    func reserve(_ byteCount: Int) {
        let block = block(of: byteCount)
        // The system gives a page when it is written to.
        memset(block.base, 0, byteCount)
        takeBack(block)
    }

    /// Keeps a block that is used no more.
    func takeBack(_ block: SnapshotBlock) {
        idle.withLock { $0 = block }
    }
}

/// A piece of memory, written by one thread before it is shared, and only read after that.
final class SnapshotBlock: Sendable {
    /// Where tensors start, so that copies run at full speed.
    static let alignment = 64
    private static let hugePage = 2 << 20

    let capacity: Int
    // Only whoever has taken the block out of the memory writes to it; `deinit`, which runs once, frees it.
    nonisolated(unsafe) let base: UnsafeMutableRawPointer

    init(capacity: Int) {
        self.capacity = capacity
        let isLarge = capacity >= Self.hugePage
        base = .allocate(byteCount: max(capacity, 1), alignment: isLarge ? Self.hugePage : Self.alignment)
        // Fewer page faults; the system may decline.
        if isLarge { _ = madvise(base, capacity / Self.hugePage * Self.hugePage, MADV_HUGEPAGE) }
    }

    deinit { base.deallocate() }
}
