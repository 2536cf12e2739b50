/// A data set whose batches can be prepared on background threads.
///
/// The work is split in two: ``assemble(_:)`` reads and transforms on any thread and gives raw memory or another
/// Sendable value; ``batch(_:)`` makes tensors of it, on the thread that consumes them, and should take no time.
/// ```swift
/// struct Sines: ConcurrentDataset {
///     let count = 1000
///     let pool = BufferPool()
///
///     func assemble(_ samples: BatchIndices) -> BatchBuffer {
///         let buffer = pool.buffer(byteCount: samples.count * MemoryLayout<Float>.stride)
///         let values = buffer.bind(to: Float.self)
///         for (place, sample) in samples.enumerated() { values[place] = sin(Float(sample)) }
///         return buffer
///     }
///
///     func batch(_ assembled: consuming BatchBuffer) -> Tensor {
///         let count = assembled.byteCount / MemoryLayout<Float>.stride
///         return assembled.tensor(shape: [count], dtype: .float32)
///     }
/// }
/// ```
public protocol ConcurrentDataset<Batch>: Dataset, Sendable {
    // Named again, so that it is found from `batch(_:)` alone.
    /// What a step of the training gets.
    associatedtype Batch

    /// A batch before it becomes tensors.
    associatedtype Assembled: Sendable

    /// Reads and transforms samples; called on several threads at once.
    func assemble(_ samples: BatchIndices) throws -> Assembled

    /// Makes the batch; called on the thread that consumes it.
    func batch(_ assembled: consuming Assembled) -> Batch

    /// Whether ``assemble(_:)`` takes samples from memory, and so waits for nothing but the processor; false by default.
    ///
    /// Where the training computes on all cores, a loader makes batches of such a data set between two steps.
    var isInMemory: Bool { get }
}

extension ConcurrentDataset {
    /// Both steps at once, on the calling thread.
    public func batch(at samples: BatchIndices) throws -> Batch {
        batch(try assemble(samples))
    }

    /// False.
    public var isInMemory: Bool { false }
}
