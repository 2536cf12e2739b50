public import Torch
public import TorchNN

/// Changes a model's parameters along their gradients, a step at a time.
///
/// ```swift
/// let optimizer = SGD(network.parameters, learningRate: 1e-2, momentum: 0.9)
/// optimizer.zeroGrad()
/// try loss(network(images), labels).backward()
/// try optimizer.step()
/// ```
///
/// An optimizer of your own conforms to ``GroupedOptimizer``, which needs one function.
public protocol Optimizer: Stateful {
    /// All parameters, in the order of the groups.
    var parameters: [NamedParameter] { get }
    /// The learning rate of each group in force.
    var learningRates: [Double] { get set }
    /// The momentum of each group in force: SGD's momentum, Adam's first beta.
    var momenta: [Double] { get set }

    /// How many steps were taken; a saved state has it.
    var stepCount: Int { get }

    /// Whether ``step()`` changes and counts nothing, since the gradients there are not to be used.
    ///
    /// An accelerator sets it for a step that is left out; a ``Scheduler`` of the optimizer stands still then too.
    var isSuspended: Bool { get set }

    /// Clears the gradients of all parameters.
    ///
    /// - Parameter setToNone: whether they are released, as PyTorch does by default, or kept and filled with zeros. A
    ///   parameter whose gradient is none is passed over by ``step()``; one whose gradient is zero is not.
    func zeroGrad(setToNone: Bool)

    /// Changes each parameter that has a gradient.
    ///
    /// - Throws: `TorchError` when LibTorch reports a failure, such as a gradient of another type than its parameter.
    func step() throws
}

extension Optimizer {
    /// Sets the gradients of all parameters to none.
    public func zeroGrad() { zeroGrad(setToNone: true) }
}
