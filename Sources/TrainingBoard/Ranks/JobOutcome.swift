import Foundation

/// What the launcher says of a job that failed: `ranks/outcome.json`.
struct JobOutcome: Sendable, Equatable, Decodable {
    let time: Double
    let exitCode: Int
    /// The rank that failed first, where it was one.
    let rank: Int?
    let lines: [String]

    private enum CodingKeys: String, CodingKey {
        case time, rank, lines
        case exitCode = "exit_code"
    }

    init(time: Double, exitCode: Int, rank: Int?, lines: [String]) {
        (self.time, self.exitCode, self.rank, self.lines) = (time, exitCode, rank, lines)
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        time = try fields.decode(Double.self, forKey: .time)
        exitCode = try fields.decodeIfPresent(Int.self, forKey: .exitCode) ?? 1
        rank = try fields.decodeIfPresent(Int.self, forKey: .rank)
        lines = try fields.decodeIfPresent([String].self, forKey: .lines) ?? []
    }

    /// Reads the file's contents; nil where they are something else.
    init?(_ bytes: [UInt8]) {
        guard let outcome = try? JSONDecoder().decode(JobOutcome.self, from: Data(bytes)) else { return nil }
        self = outcome
    }
}
