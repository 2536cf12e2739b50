import TorchData

/// Two blocks of memory that the images of a batch pass through, one image after the other.
final class ImageScratch {
    private let pool: BufferPool
    private var blocks: (BatchBuffer, BatchBuffer)

    /// Blocks that grow where an image needs more.
    init(_ pool: BufferPool, byteCount: Int) {
        self.pool = pool
        self.blocks = (pool.buffer(byteCount: byteCount), pool.buffer(byteCount: byteCount))
    }

    /// A block that does not begin at an address.
    func block(of byteCount: Int, otherThan current: UnsafeRawPointer) -> UnsafeMutableRawPointer {
        if blocks.0.address != current {
            if blocks.0.byteCount < byteCount { blocks.0 = pool.buffer(byteCount: byteCount) }
            return blocks.0.address
        }
        if blocks.1.byteCount < byteCount { blocks.1 = pool.buffer(byteCount: byteCount) }
        return blocks.1.address
    }

    /// Where a block begins.
    func address(_ number: Int) -> UnsafeMutableRawPointer { number == 0 ? blocks.0.address : blocks.1.address }
}
