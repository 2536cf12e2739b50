import Foundation
import LockstepTesting
import Testing
import TorchData

@Suite("Samplers against PyTorch")
struct SamplerFixtureTests {
    struct Case: Decodable, Sendable {
        let length: Int
        let world: Int
        let shuffle: Bool
        let dropLast: Bool
        let seed: UInt64
        let epoch: Int
        let ranks: [[Int]]
    }

    private struct Table: Decodable {
        let cases: [Case]
    }

    static func cases() throws -> [Case] {
        let path = try fixtureFolder(near: #filePath) + "/samplers.json"
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Table.self, from: Data(contentsOf: URL(fileURLWithPath: path))).cases
    }

    @Test("every rank's indices are those of PyTorch's DistributedSampler")
    func sameIndices() throws {
        let cases = try Self.cases()
        try #require(cases.count >= 100)
        for entry in cases {
            for (rank, expected) in entry.ranks.enumerated() {
                let sampler = try DistributedSampler(
                    count: entry.length, worldSize: entry.world, rank: rank, shuffle: entry.shuffle, seed: entry.seed,
                    dropLast: entry.dropLast)
                #expect(sampler.count == expected.count, "\(entry)")
                #expect(sampler.indices(epoch: entry.epoch) == expected, "\(entry) rank \(rank)")
            }
        }
    }

    @Test("a loader without a rank has the order of a world of one")
    func worldOfOne() throws {
        for entry in try Self.cases() where entry.world == 1 && !entry.dropLast {
            let loader = DataLoader(Numbers(count: entry.length), shuffle: entry.shuffle, seed: entry.seed)
            #expect(loader.indices(epoch: entry.epoch) == entry.ranks[0])
        }
    }
}
