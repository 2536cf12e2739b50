import CTorch
import Foundation
import Torch
import TorchNN

/// Keeps a model the same on all ranks: it averages the gradients of every backward pass, while the pass goes on.
///
/// It takes part in the calls of the module itself, so the model that a program trains is the model that it built. A
/// forward pass cannot throw: what fails in it is thrown by the backward pass.
package final class GradientSynchronizer {
    package let module: Module
    package let group: ProcessGroup
    package let options: DataParallelOptions

    private let parameters: [NamedParameter]
    private let buffers: [Tensor]
    let reducer: ct_reducer
    /// Why gradients are averaged in buckets; nil where all are averaged at once, which ranks do alike.
    package let averagingReason: String?
    private let usageReport: UsageReport
    private var synchronizes = true
    // As PyTorch: after a pass without synchronisation buffers stay as they are until the next synchronised one.
    private var buffersAreDue = true
    private var expectsBackward = false
    private var forwardFailure: (any Error)?
    /// The rank whose buffers hold: the lowest that had data in the last step.
    private var bufferRank = 0

    /// Compares the model with the other ranks', gives all of them rank 0's, and takes part in its calls from then on.
    ///
    /// - Throws: ``DistributedError`` with `modelsDiffer` that names the first difference, on all ranks.
    package init(_ module: Module, group: ProcessGroup, options: DataParallelOptions = DataParallelOptions()) throws {
        self.module = module
        self.group = group
        self.options = options
        parameters = module.parameters.filter(\.tensor.requiresGrad)
        buffers = module.buffers.map(\.tensor)
        guard !parameters.isEmpty else {
            throw DistributedError(
                .invalidArgument,
                "the model \(type(of: module)) has no parameter to train, so there is nothing to average")
        }
        try Self.verify(module, parameters, group)
        try Self.broadcast(module.parameters.map(\.tensor) + buffers, in: group, chunk: 250 << 20)

        averagingReason = try Self.reasonForBuckets(module, group, options)

        let names = parameters.map { strdup($0.name) }
        defer { for name in names { free(name) } }
        let settings = ct_reducer_options(
            first_bucket_bytes: Int64(options.firstBucketMegabytes * Double(1 << 20)),
            bucket_bytes: Int64(options.bucketMegabytes * Double(1 << 20)), finds_unused: options.findUnusedParameters,
            gradients_as_views: options.gradientAsBucketView, compresses_to_half: options.compression == .float16,
            averages_at_once: averagingReason == nil)
        let made = withHandleList(parameters.map(\.tensor)) { handles, count in
            names.compactMap { $0.map { UnsafePointer<CChar>($0) } }.withUnsafeBufferPointer { names -> ct_reducer? in
                names.baseAddress.flatMap { ct_reducer_new(group.handle, handles, $0, count, settings) }
            }
        }
        guard let made else { throw group.error("setting up the average of gradients") }
        reducer = made
        usageReport = UsageReport(reducer: made, names: parameters.map(\.name), group: group)
        module.callObserver = self
        usageReport.register()
    }

    deinit {
        if module.callObserver === self { module.callObserver = nil }
        usageReport.retire()
        ct_reducer_release(reducer)
    }

    var parameterCount: Int { parameters.count }

    /// How long the last backward pass waited for the other ranks' gradients, after its own were there.
    package var waitedNanoseconds: UInt64 { ct_reducer_waited(reducer) }

    /// How many elements of the gradients are averaged in a step, where all are averaged at once, and how many there are.
    ///
    /// The others are zero on all ranks, whatever the data; nil where gradients are averaged in buckets.
    package var elements: (averaged: Int, all: Int)? {
        guard averagingReason == nil, group.worldSize > 1 else { return nil }
        var (averaged, all) = (Int64(0), Int64(0))
        ct_reducer_elements(reducer, &averaged, &all)
        return (Int(averaged), Int(all))
    }

    /// Runs `body`, whose forward and backward passes leave gradients as they are on this rank (PyTorch's `no_sync`).
    ///
    /// The next synchronised backward pass averages what has added up. Both passes have to be inside.
    package func noSync<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = synchronizes
        synchronizes = false
        defer { synchronizes = before }
        return try body()
    }

    /// Gives all ranks the buffers, such as running statistics, of the lowest rank that had data in the last step.
    package func synchronizeBuffers() throws {
        try Self.broadcast(buffers, in: group, chunk: 25 << 20, from: bufferRank)
    }

    /// The forward and backward pass of a step in which ranks have batches of different sizes, or none.
    ///
    /// - Parameters:
    ///   - step: this rank's step.
    ///   - loss: the mean loss over the batch of the given number.
    /// - Returns: the loss; nil where this rank has no data.
    /// - Throws: ``DistributedError``, and what `loss` throws.
    package func backward(_ step: UnevenInputs.Step, _ loss: (Int) throws -> Tensor) throws -> Tensor? {
        // Set before any rank can fail; the forward pass still takes the buffers that held before this step.
        defer { bufferRank = step.bufferRank }
        guard let index = step.batch else {
            try joinStep()
            return nil
        }
        let value = try loss(index)
        try value.backward(weight: step.lossWeight)
        return value.detach()
    }

    /// Takes part in the averages of a step for which this rank has no data: its gradients count as zero.
    ///
    /// - Throws: ``DistributedError``; also where a layer needs data of all ranks, as a converted `BatchNorm2d` does.
    package func joinStep() throws {
        guard !module.needsOtherRanks else {
            throw group.failing(
                DistributedError(
                    .invalidArgument,
                    "rank \(group.rank) has no data in this step, but SyncBatchNorm needs some of every rank; use the "
                        + "policy .pad or .stop, or give every rank a batch"))
        }
        willCall()
        let zero = parameters.dropFirst().reduce((parameters[0].tensor * 0).sum()) { $0 + ($1.tensor * 0).sum() }
        didCall(zero)
        try zero.backward()
    }

    private static func broadcast(_ tensors: [Tensor], in group: ProcessGroup, chunk: Int64, from root: Int = 0) throws
    {
        guard !tensors.isEmpty else { return }
        guard withHandleList(tensors, { ct_group_broadcast_coalesced(group.handle, $0, $1, chunk, Int32(root)) }) else {
            throw group.error("broadcasting the model")
        }
    }

    private static func verify(_ module: Module, _ parameters: [NamedParameter], _ group: ProcessGroup) throws {
        let texts = try group.exchange("model", ModelSignature(module).text)
        // All ranks compare the same texts in the same order, so they find the same difference.
        let signatures = texts.enumerated().compactMap { rank, text in text.map { (rank, ModelSignature(text: $0)) } }
        for (rank, other) in signatures.dropFirst() {
            guard let difference = signatures[0].1.difference(on: signatures[0].0, from: other, on: rank) else {
                continue
            }
            throw group.failing(
                DistributedError(
                    .modelsDiffer, "the model differs between ranks: \(difference). Build it alike on all."))
        }
        // Ranks of PyTorch say nothing here. All compute alike then; and they compare the order of memory too.
        if texts.contains(where: { $0 == nil }) {
            KernelSelection.current = .libtorch
            for parameter in parameters.map(\.tensor) where !parameter.isContiguous {
                parameter.setData(parameter.detach().contiguous())
            }
        }
        guard withHandleList(parameters.map(\.tensor), { ct_group_verify_parameters(group.handle, $0, $1) }) else {
            throw group.error("comparing the model with rank 0's")
        }
    }
}

extension GradientSynchronizer: CallObserver {
    package func willCall() {
        guard module.isTraining, gradientsEnabled, forwardFailure == nil else { return }
        do {
            guard ct_reducer_begin_forward(reducer, synchronizes) else { throw group.error("starting a step") }
            if options.broadcastBuffers, buffersAreDue { try synchronizeBuffers() }
        } catch {
            forwardFailure = error
            BackwardObservers.add(self)
        }
    }

    package func didCall(_ result: Any) {
        guard module.isTraining, gradientsEnabled, forwardFailure == nil else { return }
        buffersAreDue = synchronizes
        bufferRank = 0
        guard synchronizes else { return }
        let outputs = options.findUnusedParameters ? tensors(in: result) : []
        guard withHandleList(outputs, { ct_reducer_expect_backward(reducer, $0, $1) }) else {
            forwardFailure = group.error("preparing the backward pass")
            BackwardObservers.add(self)
            return
        }
        usageReport.step += 1
        expectsBackward = true
        BackwardObservers.add(self)
    }

    /// All tensors in what a module returned.
    private func tensors(in value: Any) -> [Tensor] {
        if let tensor = value as? Tensor { return [tensor] }
        return Mirror(reflecting: value).children.flatMap { tensors(in: $0.value) }
    }
}

extension GradientSynchronizer: BackwardObserver {
    package func willRunBackward() throws {
        if let forwardFailure {
            self.forwardFailure = nil
            BackwardObservers.remove(self)
            throw forwardFailure
        }
        if let failure = group.failure { throw failure }
    }

    package func didRunBackward(_ failure: TorchError?) throws {
        if let failure {
            BackwardObservers.remove(self)
            throw group.error("backward", saying: failure.message)
        }
        guard expectsBackward, synchronizes else { return }
        let used = Int(ct_reducer_used_count(reducer))
        // A backward pass of something else: this model's is still to come.
        guard used > 0 else { return }
        expectsBackward = false
        BackwardObservers.remove(self)
        if used < parameters.count, !options.findUnusedParameters {
            throw group.failing(try usageReport.explain())
        }
        guard ct_reducer_end_backward(reducer) else { throw group.error("averaging gradients") }
    }
}
