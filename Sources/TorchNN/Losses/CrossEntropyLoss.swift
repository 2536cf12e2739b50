public import Torch

/// Cross entropy of class scores (PyTorch's `CrossEntropyLoss`).
///
/// Input: scores before softmax, (N, classes). Target: class numbers (N) as `int64`, or probabilities (N, classes).
public struct CrossEntropyLoss: Loss {
    /// The share of probability spread over all classes.
    public var labelSmoothing: Double
    /// A weight for each class, or nil.
    public var classWeights: [Float]?
    /// Targets with this number count as no sample.
    public var ignoreIndex: Int

    /// A loss with PyTorch's defaults.
    public init(labelSmoothing: Double = 0, classWeights: [Float]? = nil, ignoreIndex: Int = -100) {
        self.labelSmoothing = labelSmoothing
        self.classWeights = classWeights
        self.ignoreIndex = ignoreIndex
    }

    /// The mean over the batch.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        loss(input, target, .mean)
    }

    /// The loss of each sample; of several positions in a sample, their sum (their mean for probabilities).
    public func perSample(_ input: Tensor, _ target: Tensor) -> Tensor {
        let losses = loss(input, target, .none)
        return target.dtype.isFloatingPoint ? meanOverSample(losses) : summedOverSample(losses)
    }

    /// The weights of the targets' classes; zero for targets that are ignored, nil for probabilities.
    public func sampleWeights(_ input: Tensor, _ target: Tensor) -> Tensor? {
        guard !target.dtype.isFloatingPoint else { return nil }
        return targetWeights(target, like: input, classWeights: classWeights, ignoreIndex: ignoreIndex)
    }

    private func loss(_ input: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
        Functional.crossEntropy(
            input, target, weight: weightTensor(classWeights, like: input), reduction: reduction,
            ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing)
    }
}

/// Negative log likelihood of log probabilities (PyTorch's `NLLLoss`).
///
/// Input: log probabilities, (N, classes). Target: class numbers (N) as `int64`.
public struct NLLLoss: Loss {
    /// A weight for each class, or nil.
    public var classWeights: [Float]?
    /// Targets with this number count as no sample.
    public var ignoreIndex: Int

    /// A loss with PyTorch's defaults.
    public init(classWeights: [Float]? = nil, ignoreIndex: Int = -100) {
        self.classWeights = classWeights
        self.ignoreIndex = ignoreIndex
    }

    /// The mean over the batch.
    public func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        loss(input, target, .mean)
    }

    /// The loss of each sample; of several positions in a sample, their sum.
    public func perSample(_ input: Tensor, _ target: Tensor) -> Tensor {
        summedOverSample(loss(input, target, .none))
    }

    /// The weights of the targets' classes; zero for targets that are ignored.
    public func sampleWeights(_ input: Tensor, _ target: Tensor) -> Tensor? {
        targetWeights(target, like: input, classWeights: classWeights, ignoreIndex: ignoreIndex)
    }

    private func loss(_ input: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
        Functional.nllLoss(
            input, target, weight: weightTensor(classWeights, like: input), reduction: reduction,
            ignoreIndex: ignoreIndex)
    }
}

private func weightTensor(_ weights: [Float]?, like input: Tensor) -> Tensor? {
    weights.map { Tensor(copying: $0).to(input.dtype).to(input.device) }
}

private func targetWeights(_ target: Tensor, like input: Tensor, classWeights: [Float]?, ignoreIndex: Int) -> Tensor {
    let counted = target.ne(ignoreIndex)
    guard let weights = weightTensor(classWeights, like: input) else {
        return summedOverSample(counted.to(input.dtype))
    }
    let classes = target.maskedFill(counted.logicalNot(), 0)
    return summedOverSample(weights[classes] * counted)
}

private func summedOverSample(_ elements: Tensor) -> Tensor {
    elements.dim <= 1 ? elements : elements.flatten(from: 1).sum(dim: 1)
}
