public import Foundation

/// Why a rank cannot go on.
public struct RankFailure: Codable, Sendable, Hashable {
    /// The length of a message, in UTF-8 bytes, beyond which it is cut.
    public static let maximumMessageLength = 8192

    /// The rank that failed.
    public let rank: Int
    /// What happened, for people.
    public let message: String
    /// Whether the rank only failed because another one did, as when a peer's connection ends.
    public let isConsequence: Bool
    /// When the rank noticed.
    public let time: Date

    /// Creates a report.
    ///
    /// - Parameters:
    ///   - rank: the rank that failed.
    ///   - message: what happened; cut after ``maximumMessageLength`` bytes.
    ///   - isConsequence: whether another rank's failure is behind it.
    ///   - time: when it was noticed; now by default.
    public init(rank: Int, message: String, isConsequence: Bool = false, time: Date = Date()) {
        self.rank = rank
        self.message = Self.cut(message)
        self.isConsequence = isConsequence
        self.time = time
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumMessageLength else { return text }
        var length = 0
        let kept = text.unicodeScalars.prefix { scalar in
            length += UTF8.width(scalar)
            return length <= maximumMessageLength - 3  // the ellipsis
        }
        return String(kept) + "…"
    }
}
