public import Torch
import TorchDistributed
public import TorchNN
public import TorchOptim

extension Accelerator {
    /// Adds up the gradients of several batches before a step, as if they were one batch.
    ///
    /// ```swift
    /// for try await (images, labels) in accelerator.progress(training) {
    ///     try accelerator.accumulate(over: 4) {
    ///         try accelerator.backward(loss(model(images), labels))
    ///     } step: {
    ///         try optimizer.step()
    ///         optimizer.zeroGrad()
    ///     }
    /// }
    /// ```
    /// Each batch counts by its number of samples, so losses are means, as without accumulation. Ranks exchange gradients
    /// once a step, in the last batch of the window. The last window of an epoch may be shorter.
    ///
    /// - Parameters:
    ///   - batches: how many batches a step has, at least 1.
    ///   - body: forward and backward pass of one batch, with ``backward(_:)``.
    ///   - step: the optimizer's step and what clears the gradients; run at the end of each window.
    public func accumulate(over batches: Int, _ body: () throws -> Void, step: () throws -> Void) throws {
        guard batches >= 1 else {
            throw TrainingError(.invalidOption, "accumulate(over: \(batches)): a step has at least one batch")
        }
        let sizes = loop.batchSizes
        let first = batch / batches * batches
        let window = first..<max(first + 1, min(first + batches, sizes.batchCount))
        let samples = window.reduce(0) { $0 + sizes.samples(of: $1) }
        let isLast = batch + 1 >= window.upperBound
        loop.lossWeight = samples > 0 ? Double(sizes.samples(of: batch)) / Double(samples) : nil
        loop.isWholeStep = isLast
        defer { (loop.lossWeight, loop.isWholeStep) = (nil, true) }
        guard isLast else { return try withoutSynchronization(of: loop.synchronizers[...], body) }
        try body()
        try step()
    }

    private func withoutSynchronization(
        of synchronizers: ArraySlice<GradientSynchronizer>, _ body: () throws -> Void
    ) throws {
        guard let synchronizer = synchronizers.first else { return try body() }
        try synchronizer.noSync { try withoutSynchronization(of: synchronizers.dropFirst(), body) }
    }

    /// One whole step as a function: clears the gradients, computes the loss, its gradients, and updates.
    ///
    /// It gives the numbers of the loop that is written out.
    /// ```swift
    /// let step = accelerator.step(model, optimizer) { images, labels in loss(model(images), labels) }
    /// for try await (images, labels) in accelerator.progress(training) {
    ///     accelerator.log(["loss": try step(images, labels)])
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - model: the prepared model.
    ///   - optimizer: the prepared optimizer of its parameters.
    ///   - loss: what is minimised, from a batch.
    /// - Returns: a function from a batch to its loss, cut off from the recorded operations.
    public func step<each Input>(
        _ model: Module, _ optimizer: any Optimizer, _ loss: @escaping (repeat each Input) -> Tensor
    ) -> (repeat each Input) throws -> Tensor {
        { (inputs: repeat each Input) in
            let value = loss(repeat each inputs)
            optimizer.zeroGrad()
            try self.backward(value)
            try optimizer.step()
            return value.detach()
        }
    }
}
