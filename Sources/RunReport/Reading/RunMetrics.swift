import RunFiles

/// The lines of a `metrics.jsonl`: a series for each name that steps logged, and one for each name of evaluations.
///
/// Lines can be added as a file grows:
///
/// ```swift
/// var metrics = RunMetrics()
/// let used = bytes.withUnsafeBytes { metrics.append($0) }   // what is behind the last line's end is left for later
/// ```
///
/// Where a run went back, a step that was there before takes the place of all from it on.
public struct RunMetrics: Sendable {
    /// Where an epoch began.
    public struct EpochStart: Sendable, Hashable {
        /// The epoch.
        public let epoch: Int
        /// Its first step that was logged.
        public let step: Int
    }

    /// What steps logged, in the order in which the names first occurred; `seconds` is one of them.
    public var series: [MetricSeries] { ofSteps.list }

    /// What evaluations logged, in the same way.
    public var evaluations: [MetricSeries] { ofEvaluations.list }

    /// The epochs of the steps.
    public private(set) var epochs: [EpochStart] = []

    private var reader = MetricsReader()
    private var lastStep: Int?
    private var ofSteps = SeriesByName()
    private var ofEvaluations = SeriesByName()

    /// Metrics without lines.
    public init() {}

    /// How many lines were no records with a step.
    public var unreadableLines: Int { reader.unreadableLines }

    /// What steps logged under a name.
    public func series(_ name: String) -> MetricSeries? { series.first { $0.name == name } }

    /// What evaluations logged under a name.
    public func evaluation(_ name: String) -> MetricSeries? { evaluations.first { $0.name == name } }

    /// The last step of which a line speaks.
    public var finalStep: Int? {
        (series.compactMap(\.steps.last) + evaluations.compactMap(\.steps.last)).max()
    }

    /// Adds the lines in `bytes` that are whole.
    ///
    /// - Returns: The number of bytes up to the end of the last whole line.
    @discardableResult
    public mutating func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        while reader.next(in: bytes, at: &place) {
            let line = reader.line
            if line.isEvaluation {
                ofEvaluations.append(line, reader.names)
            } else {
                goBack(to: line.step)
                if let epoch = line.epoch, epochs.last?.epoch != epoch {
                    epochs.append(EpochStart(epoch: epoch, step: line.step))
                }
                ofSteps.append(line, reader.names)
                lastStep = line.step
            }
        }
        return place
    }

    /// Forgets what came from `step` on, where the run had been beyond it.
    private mutating func goBack(to step: Int) {
        guard let lastStep, step < lastStep else { return }
        ofSteps.cut(from: step)
        ofEvaluations.cut(from: step)
        epochs.removeAll { $0.step >= step }
    }
}

/// Series, found by the places of their names.
private struct SeriesByName: Sendable {
    private(set) var list: [MetricSeries] = []
    /// For each name of the lines its place in the list.
    private var places: [Int?] = []
    private var seconds: Int?

    mutating func append(_ line: MetricsReader.Line, _ names: [String]) {
        while places.count < names.count { places.append(nil) }
        for value in line.values {
            let place = places[value.name] ?? add(names[value.name])
            places[value.name] = place
            list[place].append(value.number, at: line.step)
        }
        if let number = line.seconds {
            let place = seconds ?? add("seconds")
            seconds = place
            list[place].append(number, at: line.step)
        }
    }

    private mutating func add(_ name: String) -> Int {
        list.append(MetricSeries(name: name))
        return list.count - 1
    }

    mutating func cut(from step: Int) {
        for index in list.indices { list[index].cut(from: step) }
    }
}
