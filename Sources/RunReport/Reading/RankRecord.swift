import RunFiles

/// What a rank wrote to `ranks/rank-N.jsonl`.
public struct RankRecord: Sendable, Hashable {
    /// The rank.
    public let rank: Int
    /// Its last start.
    public private(set) var start: RankStart?
    /// When it first started, in seconds since 1970.
    public private(set) var firstStart: Double?
    /// How often it started: once, and once more for each time that the run went on.
    public private(set) var starts = 0
    /// Its last state.
    public private(set) var status: RankStatus?
    /// The most memory that it told of, in bytes.
    public private(set) var peakMemory: Double?
    /// All sampled steps together, since the last start.
    public private(set) var phases = PhaseSeconds()
    /// How many were sampled.
    public private(set) var stepCount = 0
    /// Some of them, at equal distances: at most 4096.
    public private(set) var steps: [RankStep] = []
    /// How it ended; nil where it is running or was killed.
    public private(set) var end: RankEnd?

    private static let mostSteps = 4096
    private var stride = 1

    /// A rank that has written nothing.
    public init(rank: Int) {
        self.rank = rank
    }

    /// Adds the whole lines of the rank's file; others are passed over.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var place = 0
        while let line = Lines.next(in: bytes, at: &place) {
            switch RankLine(line) {
            case .start(let start): append(start)
            case .status(let status):
                self.status = status
                if let peak = status.peakMemory { peakMemory = max(peak, peakMemory ?? 0) }
            case .step(let step): append(step)
            case .end(let end): self.end = end
            case nil: break
            }
        }
    }

    private mutating func append(_ start: RankStart) {
        self.start = start
        starts += 1
        firstStart = firstStart ?? start.time
        (end, phases, stepCount, steps, stride) = (nil, PhaseSeconds(), 0, [], 1)
    }

    private mutating func append(_ step: RankStep) {
        phases.add(step.phases)
        if stepCount % stride == 0 { steps.append(step) }
        stepCount += 1
        if steps.count > Self.mostSteps {
            steps = steps.indices.filter { $0 % 2 == 0 }.map { steps[$0] }
            stride *= 2
        }
    }
}
