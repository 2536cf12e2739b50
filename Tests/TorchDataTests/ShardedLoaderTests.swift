import Testing
import Torch
import TorchData

/// What the ranks of a world read together, through real batches.
@Suite("Loaders of all ranks together")
struct ShardedLoaderTests {
    static let worlds = [1, 2, 3, 4, 7]
    static let batchSizes = [1, 3, 8]

    /// Samples that tell their number twice: as input and, negated, as target.
    private static func samples(_ count: Int) -> TensorDataset<(Tensor, Tensor)> {
        let numbers = Tensor.arange(count)
        return TensorDataset(numbers, numbers * -1)
    }

    /// The samples of each batch.
    private static func read(_ iterator: BatchIterator<(Tensor, Tensor)>) throws -> [[Int]] {
        try remaining(iterator).map { inputs, targets in
            let numbers = inputs.array(of: Int.self)
            #expect(targets.array(of: Int.self) == numbers.map { -$0 })
            return numbers
        }
    }

    @Test("an evaluation reads each sample exactly once, whatever the world and the batch", arguments: 0...67, worlds)
    func evaluation(count: Int, worldSize: Int) throws {
        for batchSize in Self.batchSizes {
            let loader = EvaluationLoader(Self.samples(count), batchSize: batchSize)
            var seen: [Int] = []
            for rank in 0..<worldSize {
                let share = try loader.sharded(rank: rank, worldSize: worldSize)
                let batches = try Self.read(share.makeAsyncIterator())
                #expect(batches.count == share.batchCount)
                #expect(batches.dropLast().allSatisfy { $0.count == batchSize })
                #expect(batches.joined().count == share.sampleCount)
                seen += batches.joined()
            }
            #expect(seen.sorted() == Array(0..<count), "batches of \(batchSize)")
        }
    }

    @Test(
        "training gives all ranks equally many samples, repeating the first where they do not suffice",
        arguments: 0...67, worlds)
    func training(count: Int, worldSize: Int) throws {
        for (batchSize, shuffle) in zip(Self.batchSizes, [true, false, true]) {
            let loader = DataLoader(Self.samples(count), batchSize: batchSize, shuffle: shuffle, seed: 11)
            let global = try Self.read(loader.batches(epoch: 1)).flatMap { $0 }
            #expect(global.sorted() == Array(0..<count))
            let ranks = try (0..<worldSize).map { rank in
                let share = try loader.sharded(rank: rank, worldSize: worldSize)
                let batches = try Self.read(share.batches(epoch: 1))
                #expect(batches.count == share.batchCount)
                return batches
            }
            #expect(Set(ranks.map { $0.map(\.count) }).count == 1, "all ranks have batches of the same sizes")
            let shares = ranks.map { Array($0.joined()) }
            let inTurn = shares[0].indices.flatMap { place in shares.map { $0[place] } }
            #expect(Set(inTurn) == Set(0..<count))
            #expect(inTurn.count - count < worldSize)
            #expect(inTurn == inTurn.indices.map { global[$0 % count] }, "batches of \(batchSize)")
        }
    }

    @Test("training that drops incomplete batches gives all ranks equally many full ones", arguments: 0...67, worlds)
    func trainingDropsLast(count: Int, worldSize: Int) throws {
        for batchSize in Self.batchSizes {
            let loader = DataLoader(Self.samples(count), batchSize: batchSize, seed: 11, dropLast: true)
            let expected = (count + worldSize - 1) / worldSize / batchSize
            for rank in 0..<worldSize {
                let batches = try Self.read(
                    loader.sharded(rank: rank, worldSize: worldSize).batches(epoch: 0))
                #expect(batches.count == expected)
                #expect(batches.allSatisfy { $0.count == batchSize })
            }
        }
    }

    /// The lengths that PyTorch's own test of DistributedSampler asks for.
    @Test(
        "101 samples more than ranks are shared out to the next whole number, or cut to the one below with dropLast",
        arguments: [(2, 52, 51), (3, 35, 34), (4, 27, 26), (7, 16, 15)])
    func lengths(worldSize: Int, padded: Int, cut: Int) throws {
        let count = 100 + worldSize + 1
        for rank in 0..<worldSize {
            let shares = try [false, true].map {
                try DistributedSampler(count: count, worldSize: worldSize, rank: rank, dropLast: $0)
            }
            #expect(shares.map(\.count) == [padded, cut])
            #expect(shares.map { $0.indices(epoch: 0).count } == [padded, cut])
        }
    }
}
