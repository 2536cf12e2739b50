/// The batches of a sampler's order (PyTorch's `BatchSampler`).
public struct BatchSampler: Sendable {
    /// The order.
    public let sampler: any Sampler
    /// The samples of a batch.
    public let batchSize: Int
    /// Whether a last batch that is not full is left out.
    public let dropLast: Bool

    /// Groups an order into batches.
    ///
    /// - Throws: ``DataError`` with `invalidBatchSize` for a size below 1.
    public init(_ sampler: any Sampler, batchSize: Int, dropLast: Bool = false) throws {
        guard batchSize >= 1 else {
            throw DataError(
                .invalidBatchSize, "the batch size is \(batchSize); a batch has at least one sample, so give 1 or more."
            )
        }
        self.sampler = sampler
        self.batchSize = batchSize
        self.dropLast = dropLast
    }

    /// The number of batches of an epoch.
    public var count: Int { batchCount(samples: sampler.count, batchSize: batchSize, dropLast: dropLast) }

    /// The batches of an epoch, any of which is found at once.
    ///
    /// - Parameters:
    ///   - epoch: the epoch.
    ///   - seed: what random transforms draw from.
    public func batches(epoch: Int, seed: UInt64 = 0) -> EpochBatches {
        EpochBatches(
            order: sampler.indices(epoch: epoch), batchSize: batchSize, dropLast: dropLast, epoch: epoch, seed: seed)
    }
}

/// The batches of one epoch.
public struct EpochBatches: RandomAccessCollection, Sendable {
    /// All samples of the epoch in order; with `dropLast` also those that are in no batch.
    public let order: [Int]
    /// The samples of a batch, except perhaps the last.
    public let batchSize: Int
    /// The epoch.
    public let epoch: Int
    /// What random transforms draw from.
    public let seed: UInt64
    /// The number of batches.
    public let endIndex: Int

    init(order: [Int], batchSize: Int, dropLast: Bool, epoch: Int, seed: UInt64) {
        self.order = order
        self.batchSize = batchSize
        self.epoch = epoch
        self.seed = seed
        self.endIndex = batchCount(samples: order.count, batchSize: batchSize, dropLast: dropLast)
    }

    /// 0.
    public var startIndex: Int { 0 }

    /// The samples of a batch.
    public subscript(number: Int) -> BatchIndices {
        let start = number * batchSize
        return BatchIndices(slice: order[start..<Swift.min(start + batchSize, order.count)], epoch: epoch, seed: seed)
    }
}

/// How many batches an epoch has; none where the batch size makes no sense.
func batchCount(samples: Int, batchSize: Int, dropLast: Bool) -> Int {
    guard batchSize >= 1 else { return 0 }
    return dropLast ? samples / batchSize : (samples + batchSize - 1) / batchSize
}
