import Foundation
import LockstepTesting
import Testing

/// The file `distributed.json`: what ranks of PyTorch compute for the five programs.
struct DistributedFixtures: Decodable, Sendable {
    struct World: Decodable, Sendable {
        let world: Int
        let ranks: [Rank]
        let parametersAfter: [ProgramFixture.Parameter]?

        enum CodingKeys: String, CodingKey {
            case world, ranks
            case parametersAfter = "parameters_after"
        }
    }

    struct Rank: Decodable, Sendable {
        let indices: [ProgramFixture.Order]
        let losses: [Double]
        let lossesFloat64: [Double]?

        enum CodingKeys: String, CodingKey {
            case indices, losses
            case lossesFloat64 = "losses_float64"
        }
    }

    let seed: UInt64
    let programs: [String: [World]]

    /// What PyTorch's ranks compute for a program.
    static func expected(_ program: SeedProgram, world: Int) throws -> World {
        try #require(try all.get().programs[program.rawValue]?.first { $0.world == world })
    }

    /// All of it, read once.
    static let all = Result {
        let file = try fixtureFolder(near: #filePath) + "/distributed.json"
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }
}
