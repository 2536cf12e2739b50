/// How a run is.
enum RunCondition: String, Sendable {
    case running, stalled, finished, failed, stopped
    /// Nobody writes it any more, and nothing says how it ended.
    case ended

    /// A run without records of its ranks is running while its metrics change at least this often, in seconds.
    static let silence = 15.0

    /// Judges a run.
    ///
    /// - Parameters:
    ///   - ranks: How its ranks are.
    ///   - hasFailed: Whether the launcher has said so since the ranks started.
    ///   - hasSummary: Whether a summary was written since the ranks started.
    ///   - metricsAge: How long ago the metrics changed, in seconds; nil where there are none.
    init(ranks: [RankCondition], hasFailed: Bool, hasSummary: Bool, metricsAge: Double?) {
        if hasFailed || ranks.contains(where: \.isFailure) {
            self = .failed
        } else if ranks.isEmpty {
            self = hasSummary ? .finished : metricsAge.map { $0 < Self.silence } ?? false ? .running : .ended
        } else if ranks.allSatisfy(\.isEnd) {
            self = ranks.contains(.stopped) ? .stopped : .finished
        } else {
            self = ranks.contains(.stalled) ? .stalled : .running
        }
    }
}
