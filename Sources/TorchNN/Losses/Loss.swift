public import Torch

/// A measure of how wrong outputs are, as a value: its mean over a batch trains, its parts a sample are summed up in
/// evaluation.
public protocol Loss: Sendable {
    /// The mean over the batch, as a scalar tensor.
    func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor

    /// The loss of each sample, weighted; shape (N).
    func perSample(_ input: Tensor, _ target: Tensor) -> Tensor

    /// The weight of each sample in the mean, shape (N); nil when all count as one.
    ///
    /// The mean over any number of batches is the sum of ``perSample(_:_:)`` divided by the sum of the weights.
    func sampleWeights(_ input: Tensor, _ target: Tensor) -> Tensor?
}

extension Loss {
    /// All samples count as one.
    public func sampleWeights(_ input: Tensor, _ target: Tensor) -> Tensor? { nil }
}

/// The mean over everything but the first dimension.
func meanOverSample(_ elements: Tensor) -> Tensor {
    elements.dim <= 1 ? elements : elements.flatten(from: 1).mean(dim: 1)
}
