import OrderedCollections
import Torch

/// A checkpoint's values at one moment, in memory of its own: training may go on while it is written.
public final class CheckpointSnapshot: Sendable {
    /// A tensor in the snapshot's memory.
    struct StoredTensor: Sendable {
        let name: String
        let dtype: SafetensorsDType
        let shape: [Int]
        let range: Range<Int>
    }

    /// The tensors of one file.
    struct Part: Sendable {
        let name: String
        let tensors: [StoredTensor]
    }

    /// The number of training steps that were done.
    public let step: Int
    /// What was measured at this step.
    public let metrics: [String: Double]
    /// The plain values.
    public let record: [String: CheckpointValue]
    /// The bytes of all tensors.
    public let byteCount: Int

    let parts: [Part]
    private let block: SnapshotBlock
    private let memory: SnapshotMemory?

    /// Copies a checkpoint's tensors, from whatever device and layout, into `memory` or into new memory.
    init(_ checkpoint: Checkpoint, in memory: SnapshotMemory?) {
        step = checkpoint.step
        metrics = checkpoint.metrics
        record = checkpoint.record
        byteCount = checkpoint.byteCount
        var end = 0
        let parts = checkpoint.parts.map { name, state in
            Part(
                name: name,
                tensors: state.map { name, tensor in
                    let start = (end + SnapshotBlock.alignment - 1) / SnapshotBlock.alignment * SnapshotBlock.alignment
                    end = start + tensor.count * tensor.dtype.byteCount
                    return StoredTensor(
                        name: name, dtype: tensor.dtype.safetensors, shape: tensor.shape, range: start..<end)
                })
        }
        let block = memory?.block(of: end) ?? SnapshotBlock(capacity: end)
        for (part, state) in zip(parts, checkpoint.parts.values) {
            for (stored, tensor) in zip(part.tensors, state.values) {
                tensor.detach().to(.cpu).contiguous().withUnsafeBytes { bytes in
                    guard let source = bytes.baseAddress else { return }
                    (block.base + stored.range.lowerBound).copyMemory(from: source, byteCount: bytes.count)
                }
            }
        }
        self.parts = parts
        self.block = block
        self.memory = memory
    }

    deinit { memory?.takeBack(block) }

    /// Lends the tensors of a part as a file's entries; their bytes are valid until `body` returns.
    func withEntries<Result>(of part: Part, _ body: ([SafetensorsWriter.Entry]) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(block) {
            try body(
                part.tensors.map { tensor in
                    SafetensorsWriter.Entry(
                        name: tensor.name, dtype: tensor.dtype, shape: tensor.shape,
                        bytes: UnsafeRawBufferPointer(
                            start: block.base + tensor.range.lowerBound, count: tensor.range.count))
                })
        }
    }
}
