import RunFiles

/// What a rank has said since it last started.
struct RankLog: Sendable, Equatable {
    private(set) var start: RankStart?
    private(set) var status: RankStatus?
    private(set) var end: RankEnd?
    /// The last steps whose phases were recorded, oldest first.
    private(set) var steps: [RankStep] = []
    private var pace = Pace()

    /// How many steps are kept for the timeline.
    static let mostSteps = 60

    /// When the rank last gave a sign of life.
    var lastTime: Double? { [start?.time, status?.time, end?.time].compactMap(\.self).max() }

    /// Steps a second over the last statuses.
    var stepsPerSecond: Double? { pace.stepsPerSecond }

    /// The middle of the times that the rank itself took for its last steps; nil before there are a few.
    var ownSecondsPerStep: Double? {
        let recent = steps.suffix(20).map(\.phases.own).sorted()
        return recent.count < 3 ? nil : recent[recent.count / 2]
    }

    /// Takes in the whole lines of a piece of the file.
    ///
    /// - Returns: How many bytes they have.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        while let line = Lines.next(in: bytes, at: &place) { apply(RankLine(line)) }
        return place
    }

    private mutating func apply(_ line: RankLine?) {
        switch line {
        case .start(let value):
            self = RankLog()
            start = value
        case .status(let value):
            status = value
            if let step = value.step, let time = value.time { pace.note(step, at: time) }
        case .step(let value):
            // A step that comes again was taken back with those behind it.
            while let last = steps.last, last.step >= value.step { steps.removeLast() }
            steps.append(value)
            if steps.count > Self.mostSteps { steps.removeFirst() }
        case .end(let value): end = value
        case nil: break
        }
    }

    /// Steps by time, over a few seconds.
    private struct Pace: Sendable, Equatable {
        private var points: [(step: Int, time: Double)] = []

        mutating func note(_ step: Int, at time: Double) {
            if let last = points.last, step < last.step || time <= last.time { points = [] }
            points.append((step, time))
            if points.count > 10 { points.removeFirst() }
        }

        var stepsPerSecond: Double? {
            guard let first = points.first, let last = points.last, last.time > first.time else { return nil }
            return Double(last.step - first.step) / (last.time - first.time)
        }

        static func == (one: Pace, other: Pace) -> Bool {
            one.points.elementsEqual(other.points) { $0.step == $1.step && $0.time == $1.time }
        }
    }
}
