public import Torch

/// A measure of a model over a data set, as sums that add up over batches.
///
/// The sums of two batches together are the sums of each, added; so are those of two processes. The value is computed
/// once from the sums of all samples, never as a mean of means: it does not depend on how the samples were divided.
///
/// ```swift
/// var accuracy = Total(of: Accuracy())
/// accuracy.add(outputs: scores, targets: labels)
/// print(accuracy.value)
/// ```
public protocol Metric {
    /// What is reported in the end.
    associatedtype Value

    /// The sums over one batch: a `float64` tensor of one dimension and always the same length.
    ///
    /// - Parameters:
    ///   - outputs: what the model gave; the first dimension counts the samples.
    ///   - targets: what it should have given.
    func sums(outputs: Tensor, targets: Tensor) -> Tensor

    /// The value that the sums over all samples stand for.
    func value(of sums: [Double]) -> Value
}

/// The sums of a metric over the batches seen so far.
public struct Total<M: Metric> {
    /// The metric that is summed.
    public let metric: M
    /// The sums, nil before the first batch; they stay on the device until ``value`` is read.
    public private(set) var sums: Tensor?

    /// An empty total.
    public init(of metric: M) {
        self.metric = metric
    }

    /// A total whose sums were added up elsewhere.
    package init(of metric: M, sums: Tensor?) {
        self.metric = metric
        self.sums = sums
    }

    /// Adds a batch.
    public mutating func add(outputs: Tensor, targets: Tensor) {
        let batch = withoutGradients { metric.sums(outputs: outputs, targets: targets) }
        sums = sums.map { $0 + batch } ?? batch
    }

    /// This total and one batch more.
    public func adding(outputs: Tensor, targets: Tensor) -> Total {
        var total = self
        total.add(outputs: outputs, targets: targets)
        return total
    }

    /// The value over all batches; nil when there was none.
    public var value: M.Value? {
        sums.map { metric.value(of: $0.array(of: Double.self)) }
    }
}
