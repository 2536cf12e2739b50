/// The batches of a data set for an evaluation: each sample exactly once, in its own order, whatever the world size.
///
/// It is a type of its own so that nothing that repeats or leaves out samples can take its place: shares may be unequal
/// or empty, and results are added up as sums and counts.
public final class EvaluationLoader<D: Dataset> {
    /// The data set.
    public let dataset: D
    /// The samples of a batch, except perhaps the last.
    public let batchSize: Int
    /// The threads that prepare batches ahead; with 0 they are made when they are asked for.
    public let workers: Int
    /// This loader's rank.
    public let rank: Int
    /// The number of ranks that share the samples.
    public let worldSize: Int

    /// What is told, a line at a time, when a batch has not come for 30 s; standard error by default.
    public var stallNotice: @Sendable (String) -> Void {
        get { stalls.display }
        set { stalls.display = newValue }
    }

    private var stalls = StallNotice()
    private let limit: Int?
    private let openSource: SourceOpening<D>

    /// Batches of any data set, each made when it is asked for.
    @_disfavoredOverload
    public convenience init(_ dataset: D, batchSize: Int = 32) {
        self.init(
            dataset, batchSize: batchSize, workers: 0, rank: 0, worldSize: 1, limit: nil, openSource: inlineSource)
    }

    /// Batches that background threads prepare ahead.
    public convenience init(_ dataset: D, batchSize: Int = 32, workers: Int = 1) where D: ConcurrentDataset {
        self.init(
            dataset, batchSize: batchSize, workers: workers, rank: 0, worldSize: 1, limit: nil,
            openSource: concurrentSource)
    }

    private init(
        _ dataset: D, batchSize: Int, workers: Int, rank: Int, worldSize: Int, limit: Int?,
        openSource: @escaping SourceOpening<D>
    ) {
        self.dataset = dataset
        self.batchSize = batchSize
        self.workers = workers
        self.rank = rank
        self.worldSize = worldSize
        self.limit = limit
        self.openSource = openSource
    }

    /// The loader of one rank: the samples rank, rank + worldSize, ….
    ///
    /// - Throws: ``DataError`` with `invalidRank`, or `alreadySharded` where the loader is another rank's.
    public func sharded(rank: Int, worldSize: Int) throws -> EvaluationLoader {
        try checkRank(rank, worldSize: worldSize)
        guard self.worldSize == 1 || (self.rank, self.worldSize) == (rank, worldSize) else {
            throw DataError(
                .alreadySharded,
                "the loader has the share of rank \(self.rank) of \(self.worldSize), but the share of rank \(rank) of "
                    + "\(worldSize) was asked for. Shard the loader of the whole data set.")
        }
        return copy(rank: rank, worldSize: worldSize, limit: limit)
    }

    /// The loader over the first samples alone, or all if nil.
    public func limited(to limit: Int?) -> EvaluationLoader {
        copy(rank: rank, worldSize: worldSize, limit: limit)
    }

    private func copy(rank: Int, worldSize: Int, limit: Int?) -> EvaluationLoader {
        let loader = EvaluationLoader(
            dataset, batchSize: batchSize, workers: workers, rank: rank, worldSize: worldSize, limit: limit,
            openSource: openSource)
        loader.stalls = stalls
        return loader
    }

    /// The samples of this rank, in order.
    public var indices: [Int] { share.indices(epoch: 0) }

    /// The number of samples of this rank.
    public var sampleCount: Int { share.count }

    /// The number of batches of this rank.
    public var batchCount: Int { TorchData.batchCount(samples: sampleCount, batchSize: batchSize, dropLast: false) }

    private var share: EvaluationSampler {
        EvaluationSampler(total: Swift.min(dataset.count, limit ?? .max), worldSize: worldSize, rank: rank)
    }
}

extension EvaluationLoader: AsyncSequence {
    /// A batch.
    public typealias Element = D.Batch
    /// What an iteration throws.
    public typealias Failure = any Error

    /// Begins anew: every iteration is the same, and what is random in the data set draws as in epoch 0 with seed 0.
    public func makeAsyncIterator() -> BatchIterator<D.Batch> {
        BatchIterator(epoch: 0, batchCount: batchCount, from: 0) {
            [dataset, batchSize, workers, share, stalls, openSource] in
            let batches = try BatchSampler(share, batchSize: batchSize).batches(epoch: 0)
            return try openSource(dataset, batches, 0, workers, stalls)
        }
    }
}

@available(*, unavailable)
extension EvaluationLoader: Sendable {}
