/// The batches of a data set, epoch after epoch (PyTorch's `DataLoader`).
///
/// ```swift
/// let loader = DataLoader(dataset, batchSize: 64, shuffle: true)
/// for epoch in 0..<10 {
///     for try await (images, labels) in loader { … }     // a new order each time
/// }
/// ```
/// The loader knows its epoch: each iteration begins the one that ``epoch`` names and advances it, also when the loop is
/// left early. The order of an epoch is ``RandomSampler``'s, whatever the number of workers or ranks.
public final class DataLoader<D: Dataset> {
    /// The data set.
    public let dataset: D
    /// The samples of a batch, on this rank.
    public let batchSize: Int
    /// Whether a last batch that is not full is left out.
    public let dropLast: Bool
    /// The threads that prepare batches ahead; with 0 they are made when they are asked for.
    public var workers: Int { requestedWorkers ?? (sharesItsCore && isInMemory ? 0 : 1) }

    /// Whether the training's own threads take all cores, so that one of the loader's would interrupt them; a run sets it.
    public var sharesItsCore = false

    /// The epoch that the next iteration delivers; set it to resume.
    public var epoch = 0

    /// The batch that the next iteration begins with, counted from 0; set it with ``epoch`` to resume in mid-epoch.
    ///
    /// Later iterations begin at 0. The batches before it are not read.
    public var firstBatch = 0

    /// What the order and random transforms follow from; a run sets its own where there is none, and nil counts as 0.
    public var seed: UInt64?

    /// What is told, a line at a time, when a batch has not come for 30 s; standard error by default.
    public var stallNotice: @Sendable (String) -> Void {
        get { stalls.display }
        set { stalls.display = newValue }
    }

    var stalls = StallNotice()

    private let requestedWorkers: Int?
    private let isInMemory: Bool
    private let order: Order
    private let limit: Int?
    private let shard: Shard?
    private let openSource: SourceOpening<D>

    /// Batches of any data set, each made when it is asked for, on the thread that asks.
    ///
    /// - Parameters:
    ///   - dataset: where the samples come from.
    ///   - batchSize: samples of a batch; a size below 1 is an error of the first iteration.
    ///   - shuffle: whether each epoch has a random order of its own.
    ///   - seed: what the orders follow from.
    ///   - dropLast: whether a last batch that is not full is left out.
    ///   - sampler: an order of one's own, in place of `shuffle`.
    @_disfavoredOverload
    public convenience init(
        _ dataset: D, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, dropLast: Bool = false,
        sampler: (any Sampler)? = nil
    ) {
        self.init(
            dataset, batchSize: batchSize, dropLast: dropLast, workers: 0, isInMemory: true, seed: seed,
            order: sampler.map(Order.custom) ?? .own(shuffle: shuffle), limit: nil, shard: nil, openSource: inlineSource
        )
    }

    /// Batches that background threads prepare ahead, in the same order and with the same contents for any number.
    ///
    /// - Parameters:
    ///   - dataset: where the samples come from.
    ///   - batchSize: samples of a batch; a size below 1 is an error of the first iteration.
    ///   - shuffle: whether each epoch has a random order of its own.
    ///   - seed: what the orders and random transforms follow from.
    ///   - dropLast: whether a last batch that is not full is left out.
    ///   - workers: the number of threads, 0 for none; if nil one, and none for a data set in memory where the training
    ///     takes all cores.
    ///   - sampler: an order of one's own, in place of `shuffle`.
    public convenience init(
        _ dataset: D, batchSize: Int = 32, shuffle: Bool = true, seed: UInt64? = nil, dropLast: Bool = false,
        workers: Int? = nil, sampler: (any Sampler)? = nil
    ) where D: ConcurrentDataset {
        self.init(
            dataset, batchSize: batchSize, dropLast: dropLast, workers: workers, isInMemory: dataset.isInMemory,
            seed: seed, order: sampler.map(Order.custom) ?? .own(shuffle: shuffle), limit: nil, shard: nil,
            openSource: concurrentSource)
    }

    private init(
        _ dataset: D, batchSize: Int, dropLast: Bool, workers: Int?, isInMemory: Bool, seed: UInt64?, order: Order,
        limit: Int?, shard: Shard?, openSource: @escaping SourceOpening<D>
    ) {
        self.dataset = dataset
        self.batchSize = batchSize
        self.dropLast = dropLast
        self.requestedWorkers = workers
        self.isInMemory = isInMemory
        self.seed = seed
        self.order = order
        self.limit = limit
        self.shard = shard
        self.openSource = openSource
    }

    /// The order of the epochs, a rank's share of it where the loader is sharded.
    public var sampler: any Sampler {
        let count = Swift.min(dataset.count, limit ?? .max)
        let global: any Sampler =
            switch order {
            case .custom(let sampler): sampler
            case .own(shuffle: true): RandomSampler(count: count, seed: seed ?? 0)
            case .own(shuffle: false): SequentialSampler(count: count)
            }
        guard let shard, let share = try? shard.share(of: global) else { return global }
        return share
    }

    /// The loader of one rank: PyTorch's ``DistributedSampler`` over this loader's order.
    ///
    /// The epoch is this loader's. A loader whose sampler is already a rank's share stays as it is.
    ///
    /// - Throws: ``DataError`` with `invalidRank`, or `alreadySharded` where the loader is another rank's.
    public func sharded(rank: Int, worldSize: Int) throws -> DataLoader {
        let shard = Shard(rank: rank, worldSize: worldSize)
        if let share = sampler as? DistributedSampler {
            guard share.rank == rank, share.worldSize == worldSize else {
                throw DataError(
                    .alreadySharded,
                    "the loader has the share of rank \(share.rank) of \(share.worldSize), but the share of rank \(rank) of "
                        + "\(worldSize) was asked for. Give the loader no DistributedSampler of its own, or one of this world."
                )
            }
            return self
        }
        _ = try shard.share(of: sampler)
        return copy(order: order, limit: limit, shard: shard)
    }

    /// The loader with the order that a run asks for; a sampler of one's own stays as it is.
    ///
    /// - Parameters:
    ///   - shuffle: whether each epoch has a random order of its own; as it was if nil.
    ///   - limit: how many of the first samples take part; all if nil.
    public func ordered(shuffle: Bool? = nil, limit: Int? = nil) -> DataLoader {
        guard case .own(let shuffled) = order else { return self }
        return copy(order: .own(shuffle: shuffle ?? shuffled), limit: limit ?? self.limit, shard: shard)
    }

    /// The loader with batches of another size.
    public func batched(_ batchSize: Int) -> DataLoader {
        copy(order: order, limit: limit, shard: shard, batchSize: batchSize)
    }

    private func copy(order: Order, limit: Int?, shard: Shard?, batchSize: Int? = nil) -> DataLoader {
        let loader = DataLoader(
            dataset, batchSize: batchSize ?? self.batchSize, dropLast: dropLast, workers: requestedWorkers,
            isInMemory: isInMemory, seed: seed, order: order, limit: limit, shard: shard, openSource: openSource)
        loader.sharesItsCore = sharesItsCore
        loader.epoch = epoch
        loader.firstBatch = firstBatch
        loader.stalls = stalls
        return loader
    }

    /// The number of batches of an epoch.
    public var batchCount: Int {
        TorchData.batchCount(samples: sampler.count, batchSize: batchSize, dropLast: dropLast)
    }

    /// The number of samples of an epoch that are in a batch.
    public var sampleCount: Int {
        let count = sampler.count
        return dropLast ? Swift.min(count, batchCount * batchSize) : count
    }

    /// The samples of an epoch in order, those of an incomplete last batch included.
    public func indices(epoch: Int) -> [Int] { sampler.indices(epoch: epoch) }

    /// The batches of an epoch from one of them on; those before it are not read.
    ///
    /// The loader's own ``epoch`` stays as it is.
    ///
    /// - Parameters:
    ///   - epoch: the epoch.
    ///   - first: the number of the first batch, counted from 0.
    public func batches(epoch: Int, from first: Int = 0) -> BatchIterator<D.Batch> {
        let sampler = sampler
        return BatchIterator(epoch: epoch, batchCount: batchCount, from: Swift.max(0, first)) {
            [dataset, batchSize, dropLast, workers, seed, stalls, openSource] in
            let batches = try BatchSampler(sampler, batchSize: batchSize, dropLast: dropLast)
                .batches(epoch: epoch, seed: seed ?? 0)
            return try openSource(dataset, batches, Swift.max(0, first), workers, stalls)
        }
    }
}

extension DataLoader: AsyncSequence {
    /// A batch.
    public typealias Element = D.Batch
    /// What an iteration throws.
    public typealias Failure = any Error

    /// Begins the epoch that ``epoch`` names at ``firstBatch``, and advances it.
    public func makeAsyncIterator() -> BatchIterator<D.Batch> {
        defer { (epoch, firstBatch) = (epoch + 1, 0) }
        return batches(epoch: epoch, from: firstBatch)
    }
}

@available(*, unavailable)
extension DataLoader: Sendable {}

/// Where a loader's order comes from.
private enum Order {
    case own(shuffle: Bool)
    case custom(any Sampler)
}

/// A rank among ranks.
private struct Shard {
    let rank: Int
    let worldSize: Int

    func share(of order: any Sampler) throws -> DistributedSampler {
        try DistributedSampler(order, worldSize: worldSize, rank: rank)
    }
}
