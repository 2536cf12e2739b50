public import Torch
public import TorchNN

/// A model whose copies on all ranks stay equal: gradients are averaged during the backward pass (PyTorch's class).
///
/// ```swift
/// let model = try DistributedDataParallel(network, group: group)
/// let loss = criterion(model(images), labels)
/// optimizer.zeroGrad()
/// try loss.backward()        // gradients are the mean over all ranks afterwards
/// try optimizer.step()
/// ```
/// Names in the state are the model's own, without PyTorch's `module.`. In evaluation, or where nothing is recorded for
/// gradients, a call is the model's alone and sends nothing, so one rank may evaluate. Every forward pass in training
/// has one backward pass; `backward` throws what went wrong between the ranks, in either of them.
public final class DistributedDataParallel<Model: Layer>: Module, Layer {
    /// What goes in.
    public typealias Input = Model.Input
    /// What comes out.
    public typealias Output = Model.Output

    /// The model itself, which may be called as well.
    public let module: Model
    /// The ranks.
    public var group: ProcessGroup { synchronizer.group }

    private let synchronizer: GradientSynchronizer
    private var passesOfStart = 10

    /// Compares the model with the other ranks', and gives all of them rank 0's parameters and buffers.
    ///
    /// - Throws: ``DistributedError``; with `modelsDiffer` it names the first difference.
    public init(_ module: Model, group: ProcessGroup, options: DataParallelOptions = DataParallelOptions()) throws {
        self.module = module
        synchronizer = try GradientSynchronizer(module, group: group, options: options)
        super.init()
    }

    /// The model alone, under no name: names in it have no prefix.
    public override var members: [ModuleMember] { [ModuleMember("", .module(module))] }

    public override var signature: String { "DistributedDataParallel(\(module.signature))" }

    /// Computes the model's output.
    public func forward(_ input: Model.Input) -> Model.Output {
        if passesOfStart > 0 {
            passesOfStart -= 1
            // The start and the first steps took memory that is not needed again.
            if passesOfStart == 0 { LibTorch.releaseUnusedMemory() }
        }
        return module(input)
    }

    /// Runs `body`, whose passes leave gradients as they are on this rank (PyTorch's `no_sync`).
    ///
    /// The next backward pass outside averages all that has added up. Forward and backward pass both have to be inside.
    public func noSync<Result>(_ body: () throws -> Result) rethrows -> Result {
        try synchronizer.noSync(body)
    }

    /// Runs the forward and backward pass of one of the steps of ``UnevenInputs``, whose example shows it.
    ///
    /// - Parameters:
    ///   - step: what this rank does.
    ///   - loss: computes the loss of one of this rank's batches with this model, the mean over the batch; not called
    ///     where this rank has no data.
    /// - Returns: the loss, for display; nil where this rank has no data.
    /// - Throws: ``DistributedError``, and what `loss` throws.
    @discardableResult
    public func backward(_ step: UnevenInputs.Step, _ loss: (Int) throws -> Tensor) throws -> Tensor? {
        try synchronizer.backward(step, loss)
    }

    /// Gives all ranks the same buffers, such as running statistics; do it before an evaluation or a save.
    ///
    /// They are those of rank 0, or of the lowest rank that had data in the last step of ``UnevenInputs``.
    ///
    /// - Throws: ``DistributedError``.
    public func synchronizeBuffers() throws {
        try synchronizer.synchronizeBuffers()
    }
}
