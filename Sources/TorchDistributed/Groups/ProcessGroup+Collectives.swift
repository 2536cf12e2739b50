import CTorch
import Foundation
public import Torch

// Every collective takes tensors of any type and layout; `timeout` nil is the group's time limit.
extension ProcessGroup {
    /// Gives all ranks one rank's elements, in place.
    ///
    /// - Throws: ``DistributedError``, as every collective: for what cannot be meant, at once; for what happens on the
    ///   way, when the work is waited for.
    public func broadcast(_ tensor: Tensor, from root: Int, timeout: Duration? = nil) throws -> Work<Tensor> {
        try checkRank(root, "broadcast: root")
        let buffer = TransferBuffer(tensor)
        let work = try started(
            "broadcast", buffer.buffer.withHandle { ct_group_broadcast(handle, $0, Int32(root), limit(timeout)) })
        return Work(work, of: self, "broadcast") { buffer.restored() }
    }

    /// Combines the elements of all ranks, and gives all of them the result, in place.
    public func allReduce(
        _ tensor: Tensor, _ operation: ReduceOperation = .sum, timeout: Duration? = nil
    ) throws -> Work<Tensor> {
        let buffer = try reducible(tensor, operation, "all-reduce")
        let work = try started(
            "all-reduce", buffer.buffer.withHandle { ct_group_all_reduce(handle, $0, operation.number, limit(timeout)) }
        )
        return Work(work, of: self, "all-reduce") { [worldSize] in buffer.reduced(operation, worldSize) }
    }

    /// Combines the elements of all ranks on one of them, in place; what the tensor holds elsewhere is undefined.
    public func reduce(
        _ tensor: Tensor, _ operation: ReduceOperation = .sum, to root: Int, timeout: Duration? = nil
    ) throws -> Work<Tensor> {
        try checkRank(root, "reduce: root")
        let buffer = try reducible(tensor, operation, "reduce")
        let work = try started(
            "reduce",
            buffer.buffer.withHandle { ct_group_reduce(handle, $0, Int32(root), operation.number, limit(timeout)) })
        return Work(work, of: self, "reduce") { [worldSize, rank] in
            rank == root ? buffer.reduced(operation, worldSize) : buffer.restored()
        }
    }

    /// Gives all ranks everybody's tensor, in the order of the ranks; all have the same shape.
    public func allGather(_ tensor: Tensor, timeout: Duration? = nil) throws -> Work<[Tensor]> {
        let input = TransferBuffer(tensor)
        let outputs = (0..<worldSize).map { _ in Tensor.empty(like: input.buffer) }
        let work = try started(
            "all-gather",
            input.buffer.withHandle { own in
                withHandleList(outputs) { ct_group_all_gather(handle, $0, $1, own, limit(timeout)) }
            })
        return Work(work, of: self, "all-gather") { outputs.map { $0.as(tensor.dtype) } }
    }

    /// Gives one rank everybody's tensor, in the order of the ranks; nil on the other ranks.
    public func gather(_ tensor: Tensor, to root: Int, timeout: Duration? = nil) throws -> Work<[Tensor]?> {
        try checkRank(root, "gather: root")
        let input = TransferBuffer(tensor)
        let outputs = rank == root ? (0..<worldSize).map { _ in Tensor.empty(like: input.buffer) } : []
        let work = try started(
            "gather",
            input.buffer.withHandle { own in
                withHandleList(outputs) { ct_group_gather(handle, $0, $1, own, Int32(root), limit(timeout)) }
            })
        return Work(work, of: self, "gather") { [rank] in
            rank == root ? outputs.map { $0.as(tensor.dtype) } : nil
        }
    }

    /// Gives each rank one of the tensors that one rank has.
    ///
    /// - Parameters:
    ///   - output: where this rank's goes, in place.
    ///   - inputs: one tensor a rank on `root`, all of the output's shape; nil on the other ranks.
    ///   - root: the rank that has them.
    ///   - timeout: how long to wait for other ranks; the group's time limit if nil.
    public func scatter(
        into output: Tensor, _ inputs: [Tensor]?, from root: Int, timeout: Duration? = nil
    ) throws -> Work<Tensor> {
        try checkRank(root, "scatter: root")
        let given = inputs ?? []
        guard given.count == (rank == root ? worldSize : 0) else {
            throw DistributedError(
                .invalidArgument,
                "scatter: \(given.count) tensors on rank \(rank); the root, rank \(root), gives one for each of \(worldSize) "
                    + "ranks, the others none")
        }
        try checkAlike(given, with: output, "scatter")
        let buffer = TransferBuffer(output)
        let sources = given.map { TransferBuffer($0).buffer }
        let work = try started(
            "scatter",
            buffer.buffer.withHandle { own in
                withHandleList(sources) { ct_group_scatter(handle, own, $0, $1, Int32(root), limit(timeout)) }
            })
        return Work(work, of: self, "scatter") { withExtendedLifetime(sources) { buffer.restored() } }
    }

    /// Combines everybody's tensors place by place, and gives rank r the result of place r.
    ///
    /// - Parameters:
    ///   - output: where this rank's result goes, in place.
    ///   - inputs: one tensor a rank, all of the output's shape.
    ///   - operation: how they are combined.
    ///   - timeout: how long to wait for other ranks; the group's time limit if nil.
    public func reduceScatter(
        into output: Tensor, _ inputs: [Tensor], _ operation: ReduceOperation = .sum, timeout: Duration? = nil
    ) throws -> Work<Tensor> {
        guard inputs.count == worldSize else {
            throw DistributedError(
                .invalidArgument, "reduce-scatter: \(inputs.count) tensors for \(worldSize) ranks; give one for each")
        }
        try checkAlike(inputs, with: output, "reduce-scatter")
        let buffer = try reducible(output, operation, "reduce-scatter")
        let sources = inputs.map { TransferBuffer($0, dtype: buffer.buffer.dtype).buffer }
        let work = try started(
            "reduce-scatter",
            buffer.buffer.withHandle { own in
                withHandleList(sources) {
                    ct_group_reduce_scatter(handle, own, $0, $1, operation.number, limit(timeout))
                }
            })
        return Work(work, of: self, "reduce-scatter") { [worldSize] in
            withExtendedLifetime(sources) { buffer.reduced(operation, worldSize) }
        }
    }

    /// Sends each rank its part of a tensor, cut along the first dimension, and puts together what comes from each.
    ///
    /// - Parameters:
    ///   - tensor: what is sent, part r to rank r.
    ///   - inputSplits: the parts' sizes; equal ones if nil.
    ///   - outputSplits: the sizes of what comes from each rank; equal ones if nil.
    ///   - timeout: how long to wait for other ranks; the group's time limit if nil.
    public func allToAll(
        _ tensor: Tensor, inputSplits: [Int]? = nil, outputSplits: [Int]? = nil, timeout: Duration? = nil
    ) throws -> Work<Tensor> {
        guard (inputSplits == nil) == (outputSplits == nil) else {
            throw DistributedError(.invalidArgument, "all-to-all: give the splits of both sides, or of neither")
        }
        guard tensor.dim > 0 else {
            throw DistributedError(.invalidArgument, "all-to-all: a scalar has no dimension to cut")
        }
        let rows = tensor.size(0)
        if let inputSplits, let outputSplits {
            for splits in [inputSplits, outputSplits]
            where splits.count != worldSize || splits.contains(where: { $0 < 0 }) {
                throw DistributedError(
                    .invalidArgument,
                    "all-to-all: splits \(splits) for \(worldSize) ranks; each rank has one, none negative")
            }
            guard inputSplits.reduce(0, +) == rows else {
                throw DistributedError(
                    .invalidArgument,
                    "all-to-all: the splits \(inputSplits) do not add up to the \(rows) rows of the tensor")
            }
        } else if rows % worldSize != 0 {
            throw DistributedError(
                .invalidArgument,
                "all-to-all: \(rows) rows cannot be divided equally between \(worldSize) ranks; give splits")
        }
        let input = TransferBuffer(tensor)
        let output = Tensor.empty(
            [outputSplits?.reduce(0, +) ?? rows] + tensor.shape.dropFirst(), dtype: input.buffer.dtype)
        let sizes = (output: outputSplits?.map(Int64.init) ?? [], input: inputSplits?.map(Int64.init) ?? [])
        let work = try started(
            "all-to-all",
            output.withHandle { result in
                input.buffer.withHandle { source in
                    sizes.output.withUnsafeBufferPointer { out in
                        sizes.input.withUnsafeBufferPointer { own in
                            ct_group_all_to_all(
                                handle, result, source, out.isEmpty ? nil : out.baseAddress,
                                own.isEmpty ? nil : own.baseAddress, Int32(own.count), limit(timeout))
                        }
                    }
                }
            })
        return Work(work, of: self, "all-to-all") {
            withExtendedLifetime(input.buffer) { output.as(tensor.dtype) }
        }
    }

    /// Sends a tensor to one rank, which receives it.
    public func send(_ tensor: Tensor, to destination: Int, tag: Int = 0) throws -> Work<Void> {
        try checkOther(destination, "send: destination")
        let buffer = TransferBuffer(tensor)
        let work = try started(
            "send", buffer.buffer.withHandle { ct_group_send(handle, $0, Int32(destination), Int32(tag)) })
        return Work(work, of: self, "send") { withExtendedLifetime(buffer.buffer) {} }
    }

    /// Receives a tensor that one rank sends, in place.
    public func receive(into tensor: Tensor, from source: Int, tag: Int = 0) throws -> Work<Tensor> {
        try checkOther(source, "receive: source")
        let buffer = TransferBuffer(tensor)
        let work = try started(
            "receive", buffer.buffer.withHandle { ct_group_receive(handle, $0, Int32(source), Int32(tag)) })
        return Work(work, of: self, "receive") { buffer.restored() }
    }

    /// Waits until all ranks have come here.
    public func barrier(timeout: Duration? = nil) throws -> Work<Void> {
        Work(try started("barrier", ct_group_barrier(handle, limit(timeout))), of: self, "barrier") {}
    }

    /// Waits until all ranks have come here; rank 0 names those that have not in time.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait.
    ///   - waitForAll: whether all missing ranks are named, or the first alone.
    /// - Throws: ``DistributedError`` with `timedOut`.
    public func monitoredBarrier(timeout: Duration? = nil, waitForAll: Bool = true) throws {
        guard !ct_group_monitored_barrier(handle, limit(timeout), waitForAll) else { return }
        let words = TorchError.last("monitored barrier").message
        // The other ranks let rank 0 say who is missing, if it can.
        let deadline = ContinuousClock.now.advanced(by: .seconds(1))
        while rank != 0, failure == nil, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.01) }
        throw error("monitored barrier", saying: words)
    }

    /// The sum over all ranks as a new tensor, through which gradients pass.
    ///
    /// It waits for the result; so does its part of the backward pass.
    package func differentiableSum(_ tensor: Tensor) throws -> Tensor {
        guard let result = tensor.withHandle({ ct_group_all_reduce_with_gradient(handle, $0) }) else {
            throw error("all-reduce")
        }
        return Tensor(owning: result)
    }

    // MARK: What the collectives share

    private func limit(_ timeout: Duration?) -> Int64 { timeout?.milliseconds ?? -1 }

    private func started(_ operation: String, _ work: ct_work?) throws -> ct_work {
        guard let work else { throw error(operation) }
        return work
    }

    private func checkRank(_ rank: Int, _ what: String) throws {
        guard (0..<worldSize).contains(rank) else {
            throw DistributedError(.invalidArgument, "\(what) \(rank): the group has the ranks 0...\(worldSize - 1)")
        }
    }

    private func checkOther(_ rank: Int, _ what: String) throws {
        try checkRank(rank, what)
        guard rank != self.rank else {
            throw DistributedError(.invalidArgument, "\(what) \(rank): that is this rank itself")
        }
    }

    private func checkAlike(_ tensors: [Tensor], with model: Tensor, _ operation: String) throws {
        for (index, tensor) in tensors.enumerated() where tensor.shape != model.shape || tensor.dtype != model.dtype {
            throw DistributedError(
                .invalidArgument,
                "\(operation): tensor \(index) is \(tensor.dtype) \(tensor.shape), the output \(model.dtype) \(model.shape)"
            )
        }
    }

    private func reducible(
        _ tensor: Tensor, _ operation: ReduceOperation, _ name: String
    ) throws -> TransferBuffer {
        guard operation != .average || tensor.dtype.isFloatingPoint else {
            throw DistributedError(
                .invalidArgument,
                "\(name): the average of \(tensor.dtype) is no \(tensor.dtype); use sum, or convert first")
        }
        // The sum of booleans is whether any is true; as bytes it would wrap.
        return TransferBuffer(tensor, dtype: tensor.dtype == .bool ? .int32 : nil)
    }
}

extension TransferBuffer {
    fileprivate func restored() -> Tensor {
        restore()
        return original
    }

    fileprivate func reduced(_ operation: ReduceOperation, _ worldSize: Int) -> Tensor {
        if operation == .average { withoutGradients { buffer /= Double(worldSize) } }
        return restored()
    }
}

extension Tensor {
    fileprivate func `as`(_ dtype: DType) -> Tensor { self.dtype == dtype ? self : to(dtype) }
}
