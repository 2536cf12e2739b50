import Synchronization

/// Memory for batches that is used again once the tensor over it is gone.
///
/// A batch of images is a large block, and a fresh one costs a page fault for every 4 KiB of it; a recycled one is
/// mapped and often still in cache. Blocks are kept up to a number of each size; the pool frees them when it goes, which
/// is after its last buffer.
public final class BufferPool: Sendable {
    private struct Block: @unchecked Sendable {
        // Unchecked: a free block belongs to the pool alone.
        let address: UnsafeMutableRawPointer
    }

    private let freeBlocks = Mutex<[Int: [Block]]>([:])
    private let capacity: Int

    /// An empty pool.
    ///
    /// - Parameter capacity: how many free blocks of a size are kept.
    public init(capacity: Int = 16) {
        self.capacity = capacity
    }

    deinit {
        freeBlocks.withLock { blocks in
            for block in blocks.values.joined() { block.address.deallocate() }
        }
    }

    /// Memory of at least `byteCount` bytes, aligned to 64, with arbitrary contents.
    public func buffer(byteCount: Int) -> BatchBuffer {
        let size = Self.blockSize(for: byteCount)
        let block = freeBlocks.withLock { $0[size]?.popLast() }
        let address = block?.address ?? .allocate(byteCount: size, alignment: 64)
        return BatchBuffer(address, byteCount: byteCount, blockSize: size, pool: self)
    }

    /// Takes a block back.
    fileprivate func recycle(_ address: UnsafeMutableRawPointer, size: Int) {
        let block = Block(address: address)
        let isKept = freeBlocks.withLock { blocks in
            guard blocks[size, default: []].count < capacity else { return false }
            blocks[size, default: []].append(block)
            return true
        }
        if !isKept { block.address.deallocate() }
    }

    /// The number of free blocks.
    var freeBlockCount: Int { freeBlocks.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// The next power of two, so that an epoch's last, smaller batch finds a block too.
    ///
    /// Pages that are never touched cost nothing.
    private static func blockSize(for byteCount: Int) -> Int {
        let needed = max(64, byteCount)
        return 1 << (Int.bitWidth - (needed - 1).leadingZeroBitCount)
    }
}

/// A block of raw memory that one thread fills and another makes a tensor of.
public final class BatchBuffer: @unchecked Sendable {
    // Unchecked: whoever fills the memory hands the buffer on and does not touch it again.

    /// Where the memory begins.
    public let address: UnsafeMutableRawPointer
    /// The number of bytes asked for.
    public let byteCount: Int

    private let blockSize: Int
    private let pool: BufferPool

    fileprivate init(_ address: UnsafeMutableRawPointer, byteCount: Int, blockSize: Int, pool: BufferPool) {
        self.address = address
        self.byteCount = byteCount
        self.blockSize = blockSize
        self.pool = pool
    }

    deinit {
        pool.recycle(address, size: blockSize)
    }

    /// The memory.
    public var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    }

    /// The memory as elements of a trivial type.
    public func bind<Element: BitwiseCopyable>(to type: Element.Type) -> UnsafeMutableBufferPointer<Element> {
        bytes.bindMemory(to: type)
    }
}
