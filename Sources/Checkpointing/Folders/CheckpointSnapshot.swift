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
        /// How its elements lie in the snapshot; nil where they lie as in files.
        var order: DimensionOrder?
    }

    /// The tensors of one file.
    struct Part: Sendable {
        let name: String
        var tensors: [StoredTensor]
    }

    /// The number of training steps that were done.
    public let step: Int
    /// What was measured at this step.
    public let metrics: [String: Double]
    /// The plain values.
    public let record: [String: CheckpointValue]
    /// The bytes of all tensors.
    public let byteCount: Int
    /// The parts in which a NaN is a failure.
    let finiteParts: Set<String>

    let parts: [Part]
    private let block: SnapshotBlock
    private let memory: SnapshotMemory?

    /// Copies a checkpoint's tensors, from whatever device and layout, into `memory` or into new memory.
    init(_ checkpoint: Checkpoint, in memory: SnapshotMemory?) {
        step = checkpoint.step
        metrics = checkpoint.metrics
        record = checkpoint.record
        byteCount = checkpoint.byteCount
        finiteParts = checkpoint.finiteParts
        let (laidOut, memorySize) = Self.layOut(checkpoint)
        var parts = laidOut
        let block = memory?.block(of: memorySize) ?? SnapshotBlock(capacity: memorySize)
        for (part, state) in checkpoint.parts.values.enumerated() {
            for (index, tensor) in state.values.enumerated() {
                let start = parts[part].tensors[index].range.lowerBound
                parts[part].tensors[index].order = Self.copy(tensor.detach().to(.cpu), to: block.base + start)
            }
        }
        self.parts = parts
        self.block = block
        self.memory = memory
    }

    /// Where each tensor goes in a snapshot's memory, and how many bytes that needs.
    private static func layOut(_ checkpoint: Checkpoint) -> (parts: [Part], byteCount: Int) {
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
        return (parts, end)
    }

    /// The bytes of memory that a snapshot of a checkpoint needs.
    static func memorySize(of checkpoint: Checkpoint) -> Int { layOut(checkpoint).byteCount }

    /// Copies a tensor as it lies in memory where it lies there without gaps, else in the order of files.
    private static func copy(_ tensor: Tensor, to target: UnsafeMutableRawPointer) -> DimensionOrder? {
        func copy(_ contiguous: Tensor) {
            contiguous.withUnsafeBytes { bytes in
                guard let source = bytes.baseAddress else { return }
                target.copyMemory(from: source, byteCount: bytes.count)
            }
        }
        if !tensor.isContiguous {
            let outermostFirst = DimensionOrder.outermostFirst(tensor)
            let lying = tensor.permute(outermostFirst)
            if lying.isContiguous {
                copy(lying)
                return DimensionOrder(shape: tensor.shape, outermostFirst: outermostFirst)
            }
        }
        copy(tensor.contiguous())
        return nil
    }

    deinit { memory?.takeBack(block) }

    /// Lends a tensor's bytes in the order of files; they are valid until `body` returns.
    func withBytes<Result>(
        of tensor: StoredTensor, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(block) {
            let lying = UnsafeRawBufferPointer(start: block.base + tensor.range.lowerBound, count: tensor.range.count)
            guard let order = tensor.order, let source = lying.baseAddress else { return try body(lying) }
            let ordered = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(1, lying.count), alignment: SnapshotBlock.alignment)
            defer { ordered.deallocate() }
            guard let target = ordered.baseAddress else { return try body(lying) }
            order.copy(from: source, to: target, elementSize: tensor.dtype.size)
            return try body(UnsafeRawBufferPointer(start: target, count: lying.count))
        }
    }

    /// Lends the tensors of a part as a file's entries, for its layout: their bytes are as they lie in the snapshot.
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
