/// Some samples of another data set, in an order of their own (PyTorch's `Subset`).
///
/// Random transforms draw by the sample's number in the underlying set.
public struct Subset<Base: Dataset>: Dataset {
    /// The underlying data set.
    public let base: Base

    /// The chosen samples' numbers in it.
    public let indices: [Int]

    /// Chooses samples; repetitions are allowed.
    ///
    /// - Throws: ``DataError`` with `indexOutOfRange`.
    public init(_ base: Base, indices: some Sequence<Int>) throws {
        let indices = Array(indices)
        try BatchIndices(slice: indices[...], epoch: 0, seed: 0).check(count: base.count)
        self.init(base, checked: indices)
    }

    init(_ base: Base, checked indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    /// The number of chosen samples.
    public var count: Int { indices.count }

    /// The underlying set's batch.
    public func batch(at samples: BatchIndices) throws -> Base.Batch {
        try base.batch(at: translate(samples))
    }

    private func translate(_ samples: BatchIndices) throws -> BatchIndices {
        try samples.check(count: count)
        return samples.replacing { indices[$0] }
    }
}

extension Subset: Sendable where Base: Sendable {}

extension Subset: ConcurrentDataset where Base: ConcurrentDataset {
    /// The underlying set's work.
    public func assemble(_ samples: BatchIndices) throws -> Base.Assembled {
        try base.assemble(translate(samples))
    }

    /// Whether the underlying set is.
    public var isInMemory: Bool { base.isInMemory }

    /// The underlying set's batch.
    public func batch(_ assembled: consuming Base.Assembled) -> Base.Batch {
        base.batch(assembled)
    }
}
