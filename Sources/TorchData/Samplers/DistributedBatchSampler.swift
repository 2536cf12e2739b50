/// One rank's batches of an order whose batches stay whole (Accelerate's `BatchSamplerShard`).
///
/// Batch k of the order goes to rank k mod w: with two ranks and batches of three, rank 0 has `[0, 1, 2]`, `[6, 7, 8]`,
/// … and rank 1 has `[3, 4, 5]`, `[9, 10, 11]`, …. That is for orders in which neighbours belong together, such as texts
/// sorted by length: a batch keeps its neighbours, where ``DistributedSampler`` deals them out to the ranks one by one.
///
/// ```swift
/// let batches = try BatchSampler(byLength, batchSize: 32)
/// let share = try DistributedBatchSampler(batches, worldSize: 4, rank: 1)
/// for samples in share.batches(epoch: 0) { let batch = try dataset.batch(at: samples) }
/// ```
/// A last step that is not full is filled from the start of the order, several times if the order is shorter than a
/// step, so that all ranks have equally many batches, all of them full. Where the ``BatchSampler`` has `dropLast`, that
/// step is left out instead. For an evaluation there is ``EvaluationLoader``, which repeats nothing.
public struct DistributedBatchSampler: Sendable {
    /// The batches that the ranks share.
    public let batchSampler: BatchSampler
    /// The number of ranks.
    public let worldSize: Int
    /// The rank, from 0 up to ``worldSize``.
    public let rank: Int
    /// Whether a last step that is not full is filled.
    public let evenBatches: Bool
    /// The samples of a batch of this rank.
    public let batchSize: Int

    /// A rank's share of batches.
    ///
    /// - Parameters:
    ///   - batchSampler: the batches of all ranks; its `dropLast` leaves out a last step that is not full.
    ///   - worldSize: the number of ranks.
    ///   - rank: the rank, from 0.
    ///   - evenBatches: whether a last step that is not full is filled. Without it, and without `dropLast`, each sample
    ///     is in one batch of one rank: in the last step a rank may have a smaller batch or none.
    ///   - splitBatches: whether each batch is a step of all ranks, of which a rank takes its consecutive part; otherwise
    ///     a step is a batch of each rank.
    /// - Throws: ``DataError`` with `invalidRank`, or `invalidBatchSize` where a batch to split has no equal parts.
    public init(
        _ batchSampler: BatchSampler, worldSize: Int, rank: Int, evenBatches: Bool = true, splitBatches: Bool = false
    ) throws {
        try checkRank(rank, worldSize: worldSize)
        let parts = splitBatches ? worldSize : 1
        guard batchSampler.batchSize.isMultiple(of: parts) else {
            throw DataError(
                .invalidBatchSize,
                "batches of \(batchSampler.batchSize) cannot be split into equal parts for \(worldSize) ranks. "
                    + "Give a batch size that is a multiple of \(worldSize)."
            )
        }
        self.batchSampler = batchSampler
        self.worldSize = worldSize
        self.rank = rank
        self.evenBatches = evenBatches
        self.batchSize = batchSampler.batchSize / parts
    }

    /// The number of batches of this rank in an epoch.
    public var count: Int {
        let own = end(of: batchSampler.sampler.count) - start
        return batchCount(samples: max(0, own), batchSize: step, dropLast: false)
    }

    /// This rank's batches of an epoch.
    ///
    /// - Parameters:
    ///   - epoch: the epoch.
    ///   - seed: what random transforms draw from.
    public func batches(epoch: Int, seed: UInt64 = 0) -> EpochBatches {
        let global = batchSampler.sampler.indices(epoch: epoch)
        let end = end(of: global.count)
        let places = stride(from: start, to: end, by: step).flatMap { $0..<min($0 + batchSize, end) }
        return EpochBatches(
            order: places.map { global[$0 % global.count] }, batchSize: batchSize, dropLast: false, epoch: epoch,
            seed: seed)
    }
}

extension DistributedBatchSampler {
    /// The samples of all ranks' batches of a step.
    private var step: Int { batchSize * worldSize }
    /// The place of this rank's first batch in the global order.
    private var start: Int { batchSize * rank }

    /// Where the ranks' batches of an order of `count` samples end; places past its end continue it from its start.
    private func end(of count: Int) -> Int {
        if batchSampler.dropLast { return count / step * step }
        return evenBatches ? (count + step - 1) / step * step : count
    }
}
