import RunFiles

extension RunRecord {
    /// How a run ended, as far as its folder says.
    public enum Outcome: Sendable, Hashable {
        /// All of it was done.
        case finished
        /// It ended before, for a reason that is no fault.
        case stopped(String?)
        /// It ended with a fault.
        case failed(String?)
        /// Nothing says that it has ended: it is running, or was killed.
        case open
    }

    /// How the run ended.
    ///
    /// What an earlier training in the same folder left does not count once a later one has started or finished.
    public var outcome: Outcome {
        let start = ranks.compactMap(\.start?.time).max() ?? -.infinity
        let isSummaryOld = start > summaryTime ?? .infinity
        if let failure {
            let time = failure.time ?? .infinity
            let hasFinished = summary?.outcome == "finished" && !isSummaryOld && summaryTime ?? -.infinity > time
            if !hasFinished, start <= time {
                return .failed(failure.lines.first ?? failure.exitCode.map { "exit code \($0)" })
            }
        }
        if let outcome = summary?.outcome, !isSummaryOld { return Self.outcome(outcome, nil) }
        if let failed = ranks.compactMap(\.end).first(where: { $0.outcome == "failed" }) {
            return .failed(failed.message)
        }
        guard ranks.allSatisfy({ $0.end?.outcome != nil }), let first = ranks.first?.end else { return .open }
        return Self.outcome(first.outcome ?? "", first.message)
    }

    private static func outcome(_ word: String, _ message: String?) -> Outcome {
        switch word {
        case "finished": .finished
        case "failed": .failed(message)
        default: .stopped(message)
        }
    }
}
