public import Torch

/// The mean over all samples of something computed for each.
///
/// ```swift
/// let loss = Mean { scores, labels in CrossEntropyLoss().perSample(scores, labels) }
/// ```
public struct Mean: Metric {
    private let values: (Tensor, Tensor) -> Tensor
    private let weights: (Tensor, Tensor) -> Tensor?

    /// A mean of values with weights.
    ///
    /// - Parameters:
    ///   - weights: of shape (N); nil when all samples count as one. Values are expected to contain them already.
    ///   - values: the value of each sample, of shape (N).
    public init(
        weights: @escaping (Tensor, Tensor) -> Tensor? = { _, _ in nil },
        of values: @escaping (Tensor, Tensor) -> Tensor
    ) {
        self.values = values
        self.weights = weights
    }

    /// The sum of the values and the sum of the weights.
    public func sums(outputs: Tensor, targets: Tensor) -> Tensor {
        let values = values(outputs, targets)
        let weight =
            weights(outputs, targets)?.sum(dtype: .float64) ?? Tensor(Double(values.count), dtype: .float64)
        return Tensor.stack([values.sum(dtype: .float64), weight.to(values.device)])
    }

    /// The quotient; NaN for no samples.
    public func value(of sums: [Double]) -> Double {
        sums[0] / sums[1]
    }
}
