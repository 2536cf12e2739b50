import RunFiles

/// How a rank is.
enum RankCondition: String, Sendable {
    /// It has not said what it does yet.
    case starting
    case running
    /// Its process is there, or may be, and has given no sign of life for some seconds.
    case stalled
    /// It is gone, and did not say so.
    case dead
    /// It ended with an error of its own.
    case failed
    /// It ended because the job did.
    case stopped
    case finished

    /// Whether the job fails because of it.
    var isFailure: Bool { self == .dead || self == .failed }

    /// Whether there is nothing more to come.
    var isEnd: Bool { isFailure || self == .stopped || self == .finished }

    /// After this many seconds without a sign of life a rank is called stalled.
    static let silence = 5.0

    /// A rank that belongs to an earlier start is waited for this long, in seconds.
    static let lateness = 10.0
}

/// How a rank is, and what is known of it in words.
struct RankState: Sendable, Equatable {
    let condition: RankCondition
    let note: String

    init(_ condition: RankCondition, _ note: String = "") {
        self.condition = condition
        self.note = note
    }

    /// Judges a rank.
    ///
    /// - Parameters:
    ///   - rank: Its number.
    ///   - log: What it has said.
    ///   - process: Whether its process exists, where that can be known.
    ///   - failure: What the launcher says of the failed job, if it has since this rank's start.
    ///   - newestStart: When the last rank of the job started.
    ///   - now: Seconds since 1970.
    init(
        rank: Int, _ log: RankLog, process: ProcessPresence, failure: RunFailure?, newestStart: Double, now: Double
    ) {
        let last = log.lastTime ?? 0
        if let end = log.end {
            self = Self.ended(end)
        } else if let failure, failure.time ?? .infinity >= log.start?.time ?? 0 {
            self = Self.judged(by: failure, rank, pid: log.start?.pid)
        } else if last < newestStart, now - newestStart < RankCondition.lateness {
            self.init(.starting)
        } else if process == .gone {
            let pid = log.start?.pid.map { " \($0)" } ?? ""
            self.init(
                .dead, "process\(pid) on \(log.start?.host ?? "its host") no longer exists and left no last record")
        } else if now - last > RankCondition.silence {
            self.init(.stalled, "no sign of life for \(Self.duration(now - last))")
        } else {
            self.init(log.status == nil ? .starting : .running)
        }
    }

    private static func ended(_ end: RankEnd) -> RankState {
        let message = end.message ?? ""
        return switch end.outcome {
        case "finished": RankState(.finished, message)
        case "stopped": RankState(.stopped, message)
        default: RankState(.failed, message.isEmpty ? "ended with an error" : message)
        }
    }

    private static func judged(by failure: RunFailure, _ rank: Int, pid: Int?) -> RankState {
        // "rank 1 (pid …)" and "rank 12" are told apart by what follows the number.
        let own = failure.lines.first { line in
            line.firstRange(of: "rank \(rank)").map { !(line[$0.upperBound...].first?.isNumber ?? false) } ?? false
        }
        if failure.rank == rank {
            return RankState(.dead, own ?? failure.lines.first ?? "ended with exit code \(failure.exitCode ?? 1)")
        }
        let cause = failure.rank.map { "the job ended because of rank \($0)" } ?? "the job ended"
        return RankState(.stopped, cause)
    }

    private static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(min(seconds, 1e12) / 86400)) days"
        }
    }
}
