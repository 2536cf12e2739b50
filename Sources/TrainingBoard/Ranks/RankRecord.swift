/// A line of `ranks/rank-N.jsonl`.
enum RankRecord: Sendable, Equatable {
    case start(RankStart)
    case status(RankStatus)
    case step(RankStep)
    case end(RankEnd)
}

/// Who a rank is, from its start on.
struct RankStart: Sendable, Equatable {
    var time = 0.0
    var rank: Int?
    var localRank: Int?
    var worldSize: Int?
    var host = ""
    var pid: Int?
    var threads: Int?
    var device = ""
}

/// What a rank is doing; written while nothing moves, too.
struct RankStatus: Sendable, Equatable {
    var time = 0.0
    var step: Int?
    var epoch: Int?
    var batch: Int?
    var phase = ""
    var samplesPerSecond: Double?
    var memory: Double?
    var peakMemory: Double?
}

/// The phases of one step, in seconds.
struct RankStep: Sendable, Equatable {
    var step = 0
    /// When the step began, in seconds since 1970.
    var begin = 0.0
    var data = 0.0
    var forward = 0.0
    var backward = 0.0
    var communication = 0.0
    var optimizer = 0.0
    var other = 0.0

    /// The phases in the order in which they are drawn.
    var phases: [Double] { [data, forward, backward, communication, optimizer, other] }

    /// The time that this rank itself took, not the network or the others.
    var own: Double { data + forward + backward + optimizer + other }
}

/// How a rank ended.
struct RankEnd: Sendable, Equatable {
    var time = 0.0
    var outcome = ""
    var message = ""
}
