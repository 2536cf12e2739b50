/// The order in which an epoch visits the samples.
///
/// A sampler is a pure function of the epoch: nobody has to remember to set one.
public protocol Sampler: Sendable {
    /// The number of indices of an epoch.
    var count: Int { get }

    /// The samples of an epoch, in order.
    func indices(epoch: Int) -> [Int]
}

/// The samples in their own order (PyTorch's `SequentialSampler`).
public struct SequentialSampler: Sampler {
    /// The number of samples.
    public let count: Int

    /// The order 0, 1, … of `count` samples.
    public init(count: Int) {
        self.count = max(0, count)
    }

    /// 0, 1, …, the same in each epoch.
    public func indices(epoch: Int) -> [Int] { Array(0..<count) }
}
