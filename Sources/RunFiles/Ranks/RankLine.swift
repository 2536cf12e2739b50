/// A line of `ranks/rank-N.jsonl`.
public enum RankLine: Sendable, Hashable {
    /// The rank begins.
    case start(RankStart)
    /// What it does, about twice a second, while nothing moves too.
    case status(RankStatus)
    /// One of its steps.
    case step(RankStep)
    /// The rank ends.
    case end(RankEnd)

    /// The record in a line without its line feed; nil where it is none, or one of a kind that is not known.
    public init?(_ line: UnsafeRawBufferPointer) {
        guard let record = StoredValue(line) else { return nil }
        switch record["type"]?.text {
        case "start": self = .start(RankStart(record))
        case "status": self = .status(RankStatus(record))
        case "step":
            guard let step = RankStep(record) else { return nil }
            self = .step(step)
        case "end": self = .end(RankEnd(record))
        default: return nil
        }
    }

    /// The rank whose lines a file of the folder `ranks` has; nil for another file.
    public static func rank(ofFile name: String) -> Int? {
        guard name.hasPrefix("rank-"), name.hasSuffix(".jsonl") else { return nil }
        return Int(name.dropFirst(5).dropLast(6)).flatMap { $0 < 0 ? nil : $0 }
    }
}

/// Who a rank is, from its start on.
public struct RankStart: Sendable, Hashable {
    /// In seconds since 1970.
    public var time: Double?
    /// The ranks of the job.
    public var worldSize: Int?
    /// Its machine.
    public var host: String?
    /// The number of its process there.
    public var pid: Int?
    /// Its threads.
    public var threads: Int?
    /// What it computes on.
    public var device: String?
}

/// What a rank is doing.
public struct RankStatus: Sendable, Hashable {
    /// In seconds since 1970.
    public var time: Double?
    /// How far it is.
    public var step, epoch, batch: Int?
    /// What it does, in words.
    public var phase: String?
    /// Its own samples in a second.
    public var samplesPerSecond: Double?
    /// In bytes.
    public var memory, peakMemory: Double?
}

/// One step of the sample.
public struct RankStep: Sendable, Hashable {
    /// The step.
    public var step: Int
    /// When it began, in seconds since 1970.
    public var begin: Double?
    /// What it was made of.
    public var phases: PhaseSeconds
}

/// How a rank ended.
public struct RankEnd: Sendable, Hashable {
    /// In seconds since 1970.
    public var time: Double?
    /// `finished`, `failed` or `stopped`.
    public var outcome: String?
    /// What it said.
    public var message: String?
}

extension RankStart {
    fileprivate init(_ record: StoredValue) {
        (time, worldSize) = (record["time"]?.finite, record["world_size"]?.integer)
        (host, pid) = (record["host"]?.text, record["pid"]?.integer)
        (threads, device) = (record["threads"]?.integer, record["device"]?.text)
    }
}

extension RankStatus {
    fileprivate init(_ record: StoredValue) {
        (time, phase) = (record["time"]?.finite, record["phase"]?.text)
        (step, epoch, batch) = (record["step"]?.step, record["epoch"]?.integer, record["batch"]?.integer)
        samplesPerSecond = record["samples_per_second"]?.finite
        (memory, peakMemory) = (record["memory"]?.finite, record["peak_memory"]?.finite)
    }
}

extension RankStep {
    fileprivate init?(_ record: StoredValue) {
        guard let step = record["step"]?.step else { return nil }
        self.init(step: step, begin: record["begin"]?.finite, phases: PhaseSeconds(record))
    }
}

extension RankEnd {
    fileprivate init(_ record: StoredValue) {
        (time, outcome, message) = (record["time"]?.finite, record["outcome"]?.text, record["message"]?.text)
    }
}
