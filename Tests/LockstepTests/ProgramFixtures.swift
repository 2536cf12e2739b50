import Foundation
import LockstepTesting
import Testing

/// The file `programs.json`.
struct ProgramFixtures: Decodable, Sendable {
    let seed: UInt64
    let programs: [String: ProgramFixture]

    /// What PyTorch computes for a program.
    static func expected(_ program: SeedProgram) throws -> ProgramFixture {
        try #require(try all.get().programs[program.rawValue])
    }

    /// All of it, read once.
    static let all = Result { try read() }

    private static func read() throws -> ProgramFixtures {
        let file = try fixtureFolder(near: #filePath) + "/programs.json"
        let decoder = JSONDecoder()
        return try decoder.decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }
}

struct ProgramFixture: Decodable, Sendable {
    struct Checksum: Decodable, Sendable {
        let sum: Double
        let sumOfSquares: Double
        let weightedSum: Double
        let first: [Double]

        enum CodingKeys: String, CodingKey {
            case sum, first
            case sumOfSquares = "sum_of_squares"
            case weightedSum = "weighted_sum"
        }
    }

    struct Parameter: Decodable, Sendable {
        let name: String
        let shape: [Int]
        let dtype: String
        let checksum: Checksum

        enum CodingKeys: String, CodingKey { case name, shape, dtype }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            shape = try container.decode([Int].self, forKey: .shape)
            dtype = try container.decode(String.self, forKey: .dtype)
            checksum = try Checksum(from: decoder)
        }
    }

    struct Batch: Decodable, Sendable {
        let shape: [Int]
        let inputs: Checksum
        let targets: [Double]
    }

    struct Order: Decodable, Sendable {
        let epoch: Int
        let batches: [[Int]]
    }

    struct Evaluation: Decodable, Sendable {
        let correct: Int
        let count: Int
        let meanLoss: Double

        enum CodingKeys: String, CodingKey {
            case correct, count
            case meanLoss = "mean_loss"
        }
    }

    let parameters: [Parameter]
    let firstBatch: Batch
    let indices: [Order]
    let losses: [Double]
    let parametersAfter: [Parameter]?
    let evaluation: Evaluation?
    let lossesFloat64: [Double]?
    let meanLoss50To99: Double?

    enum CodingKeys: String, CodingKey {
        case parameters, indices, losses, evaluation
        case firstBatch = "first_batch"
        case parametersAfter = "parameters_after"
        case lossesFloat64 = "losses_float64"
        case meanLoss50To99 = "mean_loss_50_to_99"
    }
}
