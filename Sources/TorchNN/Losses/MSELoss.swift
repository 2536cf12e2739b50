public import Torch

/// Squared difference (PyTorch's `MSELoss`).
///
/// Input and target have one shape.
public struct MSELoss: Loss {
    /// The loss; it has no settings.
    public init() {}

    /// The mean over all elements of the batch.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        Functional.mseLoss(input, target)
    }

    /// The mean over the elements of each sample.
    public func perSample(_ input: Tensor, _ target: Tensor) -> Tensor {
        meanOverSample(Functional.mseLoss(input, target, reduction: .none))
    }
}

/// Binary cross entropy of scores before the sigmoid (PyTorch's `BCEWithLogitsLoss`).
///
/// Input and target have one shape; targets are probabilities of the same type as the input.
public struct BCEWithLogitsLoss: Loss {
    /// The weight of positive targets, one a class, or nil.
    public var positiveWeights: [Float]?

    /// A loss with PyTorch's defaults.
    public init(positiveWeights: [Float]? = nil) {
        self.positiveWeights = positiveWeights
    }

    /// The mean over all elements of the batch.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        loss(input, target, .mean)
    }

    /// The mean over the elements of each sample.
    public func perSample(_ input: Tensor, _ target: Tensor) -> Tensor {
        meanOverSample(loss(input, target, .none))
    }

    private func loss(_ input: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
        let weight = positiveWeights.map { Tensor(copying: $0).to(input.dtype).to(input.device) }
        return Functional.bceWithLogits(input, target, positiveWeight: weight, reduction: reduction)
    }
}
