/// One rank's share of an order that all ranks agree on (PyTorch's `DistributedSampler`).
///
/// Rank `r` of `w` takes the places r, r + w, r + 2w, … of the global order. So that all shares are equally long, the
/// order is continued from its start, several times if it is shorter than the world, or cut with `dropLast`. At world
/// size 1 the share is the order itself.
public struct DistributedSampler: Sampler {
    /// The global order.
    public let order: any Sampler
    /// The number of ranks.
    public let worldSize: Int
    /// The rank, from 0 up to ``worldSize``.
    public let rank: Int
    /// Whether samples that do not fill all ranks' shares are left out instead of repeating others.
    public let dropLast: Bool

    /// A rank's share of `count` samples.
    ///
    /// - Parameters:
    ///   - count: the number of samples.
    ///   - worldSize: the number of ranks.
    ///   - rank: the rank, from 0.
    ///   - shuffle: whether the order is ``RandomSampler``'s or 0, 1, ….
    ///   - seed: the same on all ranks.
    ///   - dropLast: whether samples that do not fill all ranks' shares are left out.
    /// - Throws: ``DataError`` with `invalidRank`.
    public init(
        count: Int, worldSize: Int, rank: Int, shuffle: Bool = true, seed: UInt64 = 0, dropLast: Bool = false
    ) throws {
        let order: any Sampler = shuffle ? RandomSampler(count: count, seed: seed) : SequentialSampler(count: count)
        try self.init(order, worldSize: worldSize, rank: rank, dropLast: dropLast)
    }

    /// A rank's share of an order of one's own.
    ///
    /// - Throws: ``DataError`` with `invalidRank`.
    public init(_ order: any Sampler, worldSize: Int, rank: Int, dropLast: Bool = false) throws {
        try checkRank(rank, worldSize: worldSize)
        self.order = order
        self.worldSize = worldSize
        self.rank = rank
        self.dropLast = dropLast
    }

    /// The number of samples of each rank: ⌈n / w⌉, or ⌊n / w⌋ with `dropLast`.
    public var count: Int { share(of: order.count) }

    /// The rank's samples of an epoch.
    public func indices(epoch: Int) -> [Int] {
        let global = order.indices(epoch: epoch)
        guard worldSize > 1, !global.isEmpty else { return global }
        return (0..<share(of: global.count)).map { global[(rank + $0 * worldSize) % global.count] }
    }

    private func share(of count: Int) -> Int {
        dropLast ? count / worldSize : (count + worldSize - 1) / worldSize
    }
}

/// Checks that a rank is one of a world's.
func checkRank(_ rank: Int, worldSize: Int) throws {
    guard worldSize > 0, (0..<worldSize).contains(rank) else {
        throw DataError(
            .invalidRank,
            "Invalid rank \(rank): "
                + (worldSize > 0
                    ? "a world of \(worldSize) has the ranks 0...\(worldSize - 1)."
                    : "a world has at least one rank, not \(worldSize)."))
    }
}
