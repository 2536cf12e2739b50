import Testing
import TorchData

@Suite("Samplers")
struct SamplerTests {
    static let worlds = [1, 2, 3, 4, 7]

    @Test("the shares of all ranks are the global order, continued from its start", arguments: 0...67, worlds)
    func sharesArePadded(count: Int, worldSize: Int) throws {
        let global = RandomSampler(count: count, seed: 3).indices(epoch: 2)
        let share = (count + worldSize - 1) / worldSize
        let ranks = try (0..<worldSize).map {
            try DistributedSampler(count: count, worldSize: worldSize, rank: $0, seed: 3)
        }
        for sampler in ranks { #expect(sampler.count == share) }
        let interleaved = (0..<share).flatMap { place in ranks.map { $0.indices(epoch: 2)[place] } }
        let expected = count == 0 ? [] : (0..<share * worldSize).map { global[$0 % count] }
        #expect(interleaved == expected)
        #expect(Set(interleaved) == Set(0..<count))
    }

    @Test("with dropLast no sample is in two shares and fewer than a world are left out", arguments: 0...67, worlds)
    func sharesAreCut(count: Int, worldSize: Int) throws {
        let shares = try (0..<worldSize).map {
            try DistributedSampler(count: count, worldSize: worldSize, rank: $0, shuffle: false, dropLast: true)
                .indices(epoch: 0)
        }
        let all = shares.flatMap { $0 }
        #expect(Set(all).count == all.count)
        #expect(count - all.count < worldSize)
        let length = count % worldSize == 0 ? count / worldSize : (count - worldSize + worldSize - 1) / worldSize
        #expect(shares.allSatisfy { $0.count == max(0, length) })
    }

    @Test("each epoch has an order of its own, the same whenever it is asked for")
    func epochsDiffer() {
        let sampler = RandomSampler(count: 50, seed: 7)
        let orders = (0..<5).map { sampler.indices(epoch: $0) }
        #expect(Set(orders).count == 5)
        #expect(orders.allSatisfy { Set($0) == Set(0..<50) })
        #expect(sampler.indices(epoch: 3) == orders[3])
        #expect(RandomSampler(count: 50, seed: 8).indices(epoch: 2) == orders[3], "the seed is seed + epoch")
    }

    @Test("a rank outside the world is an invalid rank", arguments: [(3, 3), (-1, 3), (0, 0), (0, -1)])
    func invalidRank(rank: Int, worldSize: Int) {
        let error = #expect(throws: DataError.self) {
            try DistributedSampler(count: 10, worldSize: worldSize, rank: rank)
        }
        #expect(error?.code == .invalidRank)
        #expect(error?.message.hasPrefix("Invalid rank \(rank)") == true)
    }

    @Test("nine samples for four ranks in batches of two, cut: no index is seen twice")
    func nineForFour() throws {
        let batches = try (0..<4).flatMap { rank in
            try BatchSampler(
                DistributedSampler(count: 9, worldSize: 4, rank: rank, shuffle: false, dropLast: true), batchSize: 2
            ).batches(epoch: 0).map { Array($0) }
        }
        #expect(batches == [[0, 4], [1, 5], [2, 6], [3, 7]])
    }

    @Test("a set smaller than the world is repeated until every rank has a sample")
    func tinySet() throws {
        let shares = try (0..<7).map {
            try DistributedSampler(count: 2, worldSize: 7, rank: $0, shuffle: false).indices(epoch: 0)
        }
        #expect(shares == [[0], [1], [0], [1], [0], [1], [0]])
    }

    @Test("an evaluation visits each sample once at any world size", arguments: 0...67, worlds)
    func evaluationIsExact(count: Int, worldSize: Int) throws {
        let loader = EvaluationLoader(Numbers(count: count), batchSize: 8, workers: 0)
        let ranks = try (0..<worldSize).map { try loader.sharded(rank: $0, worldSize: worldSize) }
        #expect(ranks.flatMap(\.indices).sorted() == Array(0..<count))
        #expect(ranks.allSatisfy { $0.sampleCount == $0.indices.count })
        let sizes = ranks.map(\.sampleCount)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }

    @Test("an evaluation of 103 samples on four ranks has 26, 26, 26 and 25")
    func evaluationShares() throws {
        let loader = EvaluationLoader(Numbers(count: 103), batchSize: 10)
        let ranks = try (0..<4).map { try loader.sharded(rank: $0, worldSize: 4).indices }
        #expect(ranks.map(\.count) == [26, 26, 26, 25])
        #expect(ranks.map(\.last) == [100, 101, 102, 99])
    }

    @Test(
        "the batches of an order contain each sample once, in order", arguments: 0...67, [1, 3, 8])
    func batchesCoverTheOrder(count: Int, batchSize: Int) throws {
        let sampler = RandomSampler(count: count)
        let order = sampler.indices(epoch: 1)
        let whole = try BatchSampler(sampler, batchSize: batchSize)
        #expect(whole.batches(epoch: 1).flatMap { Array($0) } == order)
        #expect(whole.count == whole.batches(epoch: 1).count)
        let cut = try BatchSampler(sampler, batchSize: batchSize, dropLast: true)
        #expect(cut.batches(epoch: 1).flatMap { Array($0) } == Array(order.prefix(count / batchSize * batchSize)))
        #expect(cut.batches(epoch: 1).allSatisfy { $0.count == batchSize })
        #expect(cut.count == count / batchSize)
    }

    /// The table of Accelerate's `BatchSamplerShard` (batches of 3, two ranks), as sets of a step's samples: there ranks
    /// take whole batches in turn and fill the last one, here they take samples in turn.
    @Test(
        "two ranks' batches of three are the steps of the global order",
        arguments: [
            (24, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17], [18, 19, 20, 21, 22, 23]]),
            (21, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17], [0, 18, 19, 20]]),
            (22, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17], [18, 19, 20, 21]]),
            (20, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], [12, 13, 14, 15, 16, 17], [18, 19]]),
            (2, [[0, 1]]),
            (0, []),
        ])
    func stepsOfTwoRanks(count: Int, steps: [[Int]]) throws {
        let loader = DataLoader(Numbers(count: count), batchSize: 3, shuffle: false)
        let ranks = try (0..<2).map { rank in
            let share = try loader.sharded(rank: rank, worldSize: 2)
            return try BatchSampler(share.sampler, batchSize: 3).batches(epoch: 0).map { Array($0) }
        }
        #expect(ranks[0].count == ranks[1].count)
        #expect(zip(ranks[0], ranks[1]).map { ($0 + $1).sorted() } == steps)
    }

    @Test("two samples make no batch of three for two ranks when incomplete ones are dropped")
    func nothingLeft() throws {
        let loader = try DataLoader(Numbers(count: 2), batchSize: 3, shuffle: false, dropLast: true)
            .sharded(rank: 1, worldSize: 2)
        #expect(loader.batchCount == 0)
        #expect(loader.sampleCount == 0)
        #expect(try remaining(loader.batches(epoch: 0)).isEmpty)
    }
}
