import Torch

/// How ranks go through an epoch when they do not have the same number of batches.
///
/// Made once an epoch, by all ranks together; from then on it only counts.
/// ```swift
/// let inputs = try UnevenInputs(.join, batchSizes: batches.map { $0.images.size(0) }, group: group)
/// for step in inputs.steps {
///     optimizer.zeroGrad()
///     try model.backward(step) { index in
///         criterion(model(batches[index].images), batches[index].labels)      // the mean over the batch
///     }
///     try optimizer.step()
/// }
/// ```
/// In each step the gradients are those of one process with all samples that the ranks have in that step, also where
/// batches differ in size. PyTorch has `Join` for this, which counts every rank alike.
public struct UnevenInputs: Hashable, Sendable {
    /// What is done about ranks with fewer batches.
    public enum Policy: String, CaseIterable, Sendable {
        /// All ranks stop where the first one runs out. The rest is lost; see ``UnevenInputs/samplesLost``.
        case stop
        /// Ranks that have run out take their own batches again from the start; one that never had any goes without.
        case pad
        /// All ranks go on until the last one runs out, without those that have; every sample is used once.
        case join
    }

    /// One step of this rank.
    public struct Step: Hashable, Sendable {
        /// Which of its batches this rank takes; nil where it has none.
        public let batch: Int?
        /// What this rank's mean loss counts, so that the average over the ranks is the mean over all samples.
        package let lossWeight: Double
        /// The lowest rank with data, whose buffers hold after the step.
        package let bufferRank: Int
    }

    /// What is done about ranks with fewer batches.
    public let policy: Policy
    /// This rank's steps; all ranks have the same number.
    public let steps: [Step]
    /// How many samples, of all ranks, no step uses.
    public let samplesLost: Int

    /// Tells all ranks how large each rank's batches are; all call it together.
    ///
    /// - Parameters:
    ///   - policy: what is done about ranks with fewer batches; the same on all ranks.
    ///   - batchSizes: the number of samples of each of this rank's batches, in order; empty where it has none.
    ///   - group: the ranks.
    /// - Throws: ``DistributedError``.
    public init(_ policy: Policy, batchSizes: [Int], group: ProcessGroup) throws {
        let counts = try group.allGather(Tensor(copying: [Int64(batchSizes.count)])).wait()
            .map { $0.item(as: Int.self) }
        let longest = counts.max() ?? 0
        let padded = batchSizes.map(Int64.init) + Array(repeating: 0, count: longest - batchSizes.count)
        let sizes = try group.allGather(Tensor(copying: padded)).wait()
        let all = zip(sizes, counts).map { Array($0.array(of: Int64.self).prefix($1).map(Int.init)) }
        try self.init(policy, batchSizes: all, rank: group.rank)
    }

    /// The same from what all ranks have, for one of them.
    ///
    /// - Throws: ``DistributedError`` with `invalidArgument` where a batch has no sample.
    package init(_ policy: Policy, batchSizes: [[Int]], rank: Int) throws {
        for (rank, sizes) in batchSizes.enumerated() {
            if let index = sizes.firstIndex(where: { $0 <= 0 }) {
                throw DistributedError(
                    .invalidArgument,
                    "batch \(index) of rank \(rank) has \(sizes[index]) samples; leave out batches without any")
            }
        }
        let counts = batchSizes.map(\.count)
        let length = (policy == .stop ? counts.min() : counts.max()) ?? 0
        self.policy = policy
        steps = (0..<length).map { step in
            let taken = counts.map { count -> Int? in
                if step < count { return step }
                return policy == .pad && count > 0 ? step % count : nil
            }
            let samples = zip(batchSizes, taken).map { sizes, index in index.map { sizes[$0] } ?? 0 }
            let total = samples.reduce(0, +)
            return Step(
                batch: taken[rank], lossWeight: Double(batchSizes.count * samples[rank]) / Double(total),
                bufferRank: samples.firstIndex { $0 > 0 } ?? 0)
        }
        samplesLost = batchSizes.reduce(0) { $0 + $1.dropFirst(length).reduce(0, +) }
    }
}
