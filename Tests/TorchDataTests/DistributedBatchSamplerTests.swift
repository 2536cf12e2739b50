import Foundation
import LockstepTesting
import Testing
import TorchData

@Suite("Whole batches for each rank")
struct DistributedBatchSamplerTests {
    struct Case: Decodable, Sendable {
        let length: Int
        let world: Int
        let batchSize: Int
        let dropLast: Bool
        let evenBatches: Bool
        let splitBatches: Bool
        let ranks: [[[Int]]]
    }

    private struct Table: Decodable {
        let cases: [Case]
    }

    private static func cases() throws -> [Case] {
        let path = try fixtureFolder(near: #filePath) + "/batch_samplers.json"
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Table.self, from: Data(contentsOf: URL(fileURLWithPath: path))).cases
    }

    @Test("every rank's batches are those of Accelerate's BatchSamplerShard")
    func sameBatches() throws {
        let cases = try Self.cases()
        for (even, split) in [(true, true), (true, false), (false, true), (false, false)] {
            let variant = cases.filter { $0.evenBatches == even && $0.splitBatches == split && !$0.dropLast }
            try #require(variant.count >= 30)
        }
        for entry in cases {
            let whole = try BatchSampler(
                SequentialSampler(count: entry.length), batchSize: entry.batchSize, dropLast: entry.dropLast)
            for (rank, expected) in entry.ranks.enumerated() {
                let sampler = try DistributedBatchSampler(
                    whole, worldSize: entry.world, rank: rank, evenBatches: entry.evenBatches,
                    splitBatches: entry.splitBatches)
                #expect(sampler.batches(epoch: 0).map { Array($0) } == expected, "\(entry) rank \(rank)")
                #expect(sampler.count == expected.count, "\(entry) rank \(rank)")
            }
        }
    }

    @Test(
        "the last of two ranks' batches of three are filled from the start of the order",
        arguments: [
            (24, [[18, 19, 20], [21, 22, 23]]),
            (22, [[18, 19, 20], [21, 0, 1]]),
            (21, [[18, 19, 20], [0, 1, 2]]),
            (20, [[18, 19, 0], [1, 2, 3]]),
            (2, [[0, 1, 0], [1, 0, 1]]),
        ])
    func filled(count: Int, last: [[Int]]) throws {
        let whole = try BatchSampler(SequentialSampler(count: count), batchSize: 3)
        let ranks = try (0..<2).map {
            try DistributedBatchSampler(whole, worldSize: 2, rank: $0).batches(epoch: 0).map { Array($0) }
        }
        #expect(ranks.map(\.last) == last)
        let steps = (0..<(count > 6 ? 3 : 0)).map { $0 * 6 }
        #expect(ranks[0].dropLast() == steps.map { [$0, $0 + 1, $0 + 2] }[...])
        #expect(ranks[1].dropLast() == steps.map { [$0 + 3, $0 + 4, $0 + 5] }[...])
    }

    @Test("without even batches the ranks' batches in turn are those of the order", arguments: 0...67, [1, 2, 3, 4, 7])
    func uneven(count: Int, worldSize: Int) throws {
        let whole = try BatchSampler(RandomSampler(count: count, seed: 4), batchSize: 3)
        let ranks = try (0..<worldSize).map { rank in
            try DistributedBatchSampler(whole, worldSize: worldSize, rank: rank, evenBatches: false)
                .batches(epoch: 2).map { Array($0) }
        }
        let inTurn = (0..<(ranks.map(\.count).max() ?? 0)).flatMap { step in
            ranks.compactMap { step < $0.count ? $0[step] : nil }
        }
        #expect(inTurn == whole.batches(epoch: 2).map { Array($0) })
    }

    @Test("a batch carries the epoch and the seed that it was asked for with")
    func epochAndSeed() throws {
        let whole = try BatchSampler(RandomSampler(count: 40), batchSize: 4)
        let sampler = try DistributedBatchSampler(whole, worldSize: 2, rank: 1)
        let batch = try #require(sampler.batches(epoch: 3, seed: 8).first)
        #expect(batch.epoch == 3)
        #expect(batch.seed == 8)
        #expect(Array(batch) == Array(RandomSampler(count: 40).indices(epoch: 3)[4..<8]))
    }

    @Test("a rank outside the world is an invalid rank", arguments: [(3, 3), (-1, 3), (0, 0)])
    func invalidRank(rank: Int, worldSize: Int) throws {
        let whole = try BatchSampler(SequentialSampler(count: 10), batchSize: 6)
        for split in [false, true] {
            let error = #expect(throws: DataError.self) {
                try DistributedBatchSampler(whole, worldSize: worldSize, rank: rank, splitBatches: split)
            }
            #expect(error?.code == .invalidRank)
        }
    }

    @Test("batches that have no equal parts for all ranks are not split")
    func unequalParts() throws {
        let whole = try BatchSampler(SequentialSampler(count: 10), batchSize: 4)
        let error = #expect(throws: DataError.self) {
            try DistributedBatchSampler(whole, worldSize: 3, rank: 0, splitBatches: true)
        }
        #expect(error?.code == .invalidBatchSize)
        #expect(error?.message.hasPrefix("batches of 4 cannot be split into equal parts for 3 ranks.") == true)
        #expect(try DistributedBatchSampler(whole, worldSize: 3, rank: 0).batchSize == 4)
        #expect(try DistributedBatchSampler(whole, worldSize: 2, rank: 0, splitBatches: true).batchSize == 2)
    }
}
