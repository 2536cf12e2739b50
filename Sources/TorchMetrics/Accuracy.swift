public import Torch

/// The share of samples whose class is among the highest scores.
///
/// Outputs: scores (N, classes). Targets: class numbers (N) as `int64`.
public struct Accuracy: Metric {
    /// How many samples were right, and of how many.
    public struct Value: Hashable, Sendable {
        /// Samples whose class was among the highest scores.
        public let correct: Int
        /// All samples.
        public let count: Int
        /// The share, between 0 and 1; zero for no samples.
        public var fraction: Double { count == 0 ? 0 : Double(correct) / Double(count) }
    }

    /// How many of the highest scores count.
    public let topK: Int

    /// The accuracy of the highest score, or of the `topK` highest.
    public init(topK: Int = 1) {
        self.topK = topK
    }

    /// The number of right samples, and of all.
    public func sums(outputs: Tensor, targets: Tensor) -> Tensor {
        let right: Tensor =
            topK == 1
            ? outputs.argmax(dim: 1).eq(targets)
            : outputs.topk(topK, dim: 1).indices.eq(targets.unsqueeze(dim: 1)).any(dim: 1)
        return Tensor.stack([right.sum(dtype: .float64), Tensor(Double(targets.size(0)), dtype: .float64)])
    }

    /// Both as integers.
    public func value(of sums: [Double]) -> Value {
        Value(correct: Int(sums[0]), count: Int(sums[1]))
    }
}
