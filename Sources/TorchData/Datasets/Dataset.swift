/// Samples that are read a batch at a time.
///
/// A data set of one's own says how many samples it has and makes a batch of any of them. A batch is a tuple of
/// tensors, or any other type.
/// ```swift
/// struct ToyDataset: Dataset {
///     let features: Tensor
///     let labels: Tensor
///     var count: Int { labels.size(0) }
///
///     func batch(at samples: BatchIndices) -> (Tensor, Tensor) {
///         (features[samples], labels[samples])
///     }
/// }
/// ```
/// Samples that are made one by one are joined with `Tensor.stack(samples.map { ... })`.
public protocol Dataset<Batch> {
    /// What a step of the training gets.
    associatedtype Batch

    /// The number of samples.
    var count: Int { get }

    /// The batch of some samples, in the given order.
    ///
    /// Called on the thread that consumes the batches. What is random in it must follow from
    /// ``BatchIndices/draw(at:)`` alone, so that it is the same however many workers or ranks there are.
    ///
    /// - Parameter samples: indices from 0 up to ``count``, in any order, repeated or not.
    func batch(at samples: BatchIndices) throws -> Batch
}

extension Dataset {
    /// One sample: a batch of one.
    ///
    /// - Throws: ``DataError`` with `indexOutOfRange`, or what the data set throws.
    public func sample(at index: Int, epoch: Int = 0) throws -> Batch {
        let samples = BatchIndices(CollectionOfOne(index), epoch: epoch)
        try samples.check(count: count)
        return try batch(at: samples)
    }

    /// The first samples, or all if there are fewer; none for a negative number.
    public func limited(to count: Int) -> Subset<Self> {
        Subset(self, checked: Array(0..<Swift.max(0, Swift.min(count, self.count))))
    }
}
