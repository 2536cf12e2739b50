/// What a rank wrote to `ranks/rank-N.jsonl`.
public struct RankRecord: Sendable, Hashable {
    /// The rank's state, about twice a second.
    public struct Status: Sendable, Hashable {
        /// In seconds since 1970.
        public let time: Double?
        /// How far it is.
        public let step, epoch, batch: Int?
        /// What it does, in words.
        public let phase: String?
        /// Its own samples in a second.
        public let samplesPerSecond: Double?
        /// In bytes.
        public let memory, peakMemory: Double?
    }

    /// One step of the sample.
    public struct Step: Sendable, Hashable {
        /// The step.
        public let step: Int
        /// When it began, in seconds since 1970.
        public let begin: Double?
        /// What it was made of.
        public let phases: PhaseSeconds
    }

    /// The rank.
    public let rank: Int
    /// Its machine.
    public private(set) var host: String?
    /// What it computes on.
    public private(set) var device: String?
    /// Its threads.
    public private(set) var threads: Int?
    /// The ranks of the job.
    public private(set) var worldSize: Int?
    /// When it first and last started, in seconds since 1970.
    public private(set) var firstStart, lastStart: Double?
    /// How often it started: once, and once more for each time that the run went on.
    public private(set) var starts = 0
    /// Its last state.
    public private(set) var status: Status?
    /// The most memory that it told of, in bytes.
    public private(set) var peakMemory: Double?
    /// All sampled steps together, since the last start.
    public private(set) var phases = PhaseSeconds()
    /// How many were sampled.
    public private(set) var stepCount = 0
    /// Some of them, at equal distances: at most 4096.
    public private(set) var steps: [Step] = []
    /// How it ended: `finished`, `failed` or `stopped`; nil where it is running or was killed.
    public private(set) var outcome: String?
    /// What it said at its end.
    public private(set) var message: String?

    private static let mostSteps = 4096
    private var stride = 1

    /// A rank that has written nothing.
    public init(rank: Int) {
        self.rank = rank
    }

    /// Adds the whole lines of the rank's file; others are passed over.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        Lines.forEachObject(in: bytes) { append($0) }
    }

    private mutating func append(_ line: StoredValue) {
        switch line["type"]?.text {
        case "start": start(line)
        case "status":
            status = Status(line)
            if let peak = status?.peakMemory { peakMemory = max(peak, peakMemory ?? 0) }
        case "step": if let step = Step(line) { append(step) }
        case "end":
            outcome = line["outcome"]?.text
            message = line["message"]?.text
        default: break
        }
    }

    private mutating func start(_ line: StoredValue) {
        host = line["host"]?.text
        device = line["device"]?.text
        threads = line["threads"]?.integer
        worldSize = line["world_size"]?.integer
        starts += 1
        lastStart = line["time"]?.double
        firstStart = firstStart ?? lastStart
        (outcome, message) = (nil, nil)
        (phases, stepCount, steps, stride) = (PhaseSeconds(), 0, [], 1)
    }

    private mutating func append(_ step: Step) {
        phases.add(step.phases)
        if stepCount % stride == 0 { steps.append(step) }
        stepCount += 1
        if steps.count > Self.mostSteps {
            steps = steps.indices.filter { $0 % 2 == 0 }.map { steps[$0] }
            stride *= 2
        }
    }
}

extension RankRecord.Status {
    fileprivate init(_ line: StoredValue) {
        time = line["time"]?.double
        (step, epoch, batch) = (line["step"]?.integer, line["epoch"]?.integer, line["batch"]?.integer)
        phase = line["phase"]?.text
        samplesPerSecond = line["samples_per_second"]?.double
        (memory, peakMemory) = (line["memory"]?.double, line["peak_memory"]?.double)
    }
}

extension RankRecord.Step {
    fileprivate init?(_ line: StoredValue) {
        guard let step = line["step"]?.integer else { return nil }
        self.step = step
        begin = line["begin"]?.double
        var phases = PhaseSeconds()
        for phase in StepPhase.allCases {
            let seconds = line[phase.rawValue]?.double ?? 0
            phases[phase] = seconds.isFinite ? max(0, seconds) : 0
        }
        self.phases = phases
    }
}
