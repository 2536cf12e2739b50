public import Torch
public import TorchDistributed

extension Accelerator {
    /// The ranks, for collectives of one's own; nil for a single process.
    public var processGroup: ProcessGroup? { ranks.group }

    /// Runs `body` on the main process alone; the others wait until it has ended.
    ///
    /// A collective inside it throws at once, since the other ranks would never enter it: `save`, `evaluate`, `gather` and
    /// training steps belong outside.
    ///
    /// - Returns: what `body` returns on the main process, nil on the others.
    @discardableResult
    public func onMainProcess<Result>(
        _ body: () throws -> Result, file: StaticString = #fileID, line: UInt = #line
    ) throws -> Result? {
        let place = "onMainProcess at \(file):\(line)"
        note(isMainProcess ? "running \(place)" : "waiting for rank 0's \(place)")
        defer { note("after \(place)") }
        return try ranks.onMain(place, body)
    }

    /// All ranks' tensors, one after the other along the first dimension; a scalar counts as one row.
    ///
    /// Ranks may have different numbers of rows. Nothing is recorded for gradients.
    public func gather(_ tensor: Tensor) throws -> Tensor {
        try ranks.gather(tensor)
    }

    /// The combination of all ranks' tensors, as a new tensor; they have the same shape.
    public func reduce(_ tensor: Tensor, _ operation: ReduceOperation = .average) throws -> Tensor {
        guard let group = ranks.group else { return tensor.detach() }
        return try group.allReduce(tensor.detach().clone(), operation).wait()
    }

    /// Waits until all ranks have come here.
    public func waitForEveryone() throws {
        try ranks.meet()
    }

    /// Throws unless the prepared models are the same on all ranks, bit for bit; the end of training does it by itself.
    ///
    /// - Throws: `DistributedError` with `modelsDiffer` that names the first tensor that differs, and the ranks.
    public func requireEqualModels() throws {
        try ranks.meet()
        try synchronizeBuffers()
        for synchronizer in loop.synchronizers { try synchronizer.requireEqualState() }
    }
}
