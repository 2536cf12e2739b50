import CTorch

/// What becomes of the losses of the samples of a batch.
public enum Reduction: Int64, Sendable {
    /// They stay as they are.
    case none = 0
    /// Their mean (weighted, where classes have weights).
    case mean = 1
    /// Their sum.
    case sum = 2
}

extension Functional {
    /// The cross entropy of class scores (PyTorch's `cross_entropy`).
    ///
    /// - Parameters:
    ///   - input: scores before softmax, (N, classes, …)
    ///   - target: class numbers (N, …) as `int64`, or probabilities in the shape of the input
    ///   - weight: a weight a class
    ///   - reduction: what becomes of the losses of the samples
    ///   - ignoreIndex: a class number that counts as no sample
    ///   - labelSmoothing: the share of probability spread over all classes
    public static func crossEntropy(
        _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean,
        ignoreIndex: Int = -100, labelSmoothing: Double = 0
    ) -> Tensor {
        withExtendedLifetime((input, target, weight)) {
            taken(
                ct_cross_entropy(
                    input.handle, target.handle, weight?.handle, reduction.rawValue, Int64(ignoreIndex), labelSmoothing),
                "crossEntropy", [input, target, weight])
        }
    }

    /// The negative log likelihood of log probabilities (PyTorch's `nll_loss`).
    ///
    /// - Parameters:
    ///   - input: log probabilities, (N, classes, …)
    ///   - target: class numbers (N, …) as `int64`
    ///   - weight: a weight a class
    ///   - reduction: what becomes of the losses of the samples
    ///   - ignoreIndex: a class number that counts as no sample
    public static func nllLoss(
        _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean,
        ignoreIndex: Int = -100
    ) -> Tensor {
        withExtendedLifetime((input, target, weight)) {
            taken(
                ct_nll_loss(input.handle, target.handle, weight?.handle, reduction.rawValue, Int64(ignoreIndex)),
                "nllLoss", [input, target, weight])
        }
    }

    /// The squared difference (PyTorch's `mse_loss`).
    public static func mseLoss(_ input: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
        input.mapped("mseLoss", target) { ct_mse_loss($0, $1, reduction.rawValue) }
    }

    /// The binary cross entropy of scores before the sigmoid (PyTorch's `binary_cross_entropy_with_logits`).
    ///
    /// - Parameters:
    ///   - input: scores of any shape
    ///   - target: probabilities in the shape of the input
    ///   - weight: a weight an element, broadcast
    ///   - positiveWeight: a weight of positive targets, a class each
    ///   - reduction: what becomes of the losses of the elements
    public static func bceWithLogits(
        _ input: Tensor, _ target: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil,
        reduction: Reduction = .mean
    ) -> Tensor {
        withExtendedLifetime((input, target, weight, positiveWeight)) {
            taken(
                ct_bce_with_logits(
                    input.handle, target.handle, weight?.handle, positiveWeight?.handle, reduction.rawValue),
                "bceWithLogits", [input, target, weight, positiveWeight])
        }
    }
}
