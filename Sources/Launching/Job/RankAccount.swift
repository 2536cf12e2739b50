import Foundation

/// What the report can tell of a rank.
struct RankAccount: Codable, Sendable, Hashable {
    let pid: pid_t
    /// Where it ran.
    let machine: Machine
    /// When it noticed its first failure, by its own account.
    var failureTime: Date?
    /// When its end was noticed.
    var endTime: Date?
    /// In bytes.
    var peakMemory: Int?
    /// The last lines that it wrote to standard error.
    var lastLines: [String] = []
    /// Whether these are of both its streams, which led to a terminal.
    var isTerminal = false
    /// The folder on its machine with all that the ranks there wrote.
    var logs: String?
}
