/// What the list shows of a run.
struct RunRow: Sendable, Equatable {
    let name: String
    var program = ""
    var condition = RunCondition.ended
    var digest = MetricsLog.Digest()
    var metrics: [String] = []
    var rankCount = 0
    /// The ranks that failed, died or are stalled.
    var troubledRanks: [Int] = []
    /// When the run last changed, in seconds since 1970.
    var changed: Double?
    /// Whether its files are still being read for the first time.
    var isLoading = true
    /// Goes up when there are new points.
    var metricsVersion = 0
    /// Goes up when its ranks, its configuration or its outcome are new.
    var detailVersion = 0
    /// Goes up when its evaluation is new; 0 where there never was one.
    var evaluationVersion = 0
}
