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
    public private(set) var series: [MetricSeries] = []

    /// What evaluations logged, in the same way.
    public private(set) var evaluations: [MetricSeries] = []

    /// The epochs of the steps.
    public private(set) var epochs: [EpochStart] = []

    /// How many lines were no records with a step.
    public private(set) var unreadableLines = 0

    /// Others are taken for damage; of these the difference of any two is a number too.
    private static let possibleSteps = 0.0...0x1p53

    private var lastStep: Int?
    private var names: [FieldName] = []
    private var values: [(name: Int, value: Double)] = []

    /// Metrics without lines.
    public init() {}

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
        var start = 0
        while let end = Lines.end(in: bytes, from: start) {
            append(line: bytes, in: start..<end)
            start = end + 1
        }
        return start
    }

    private mutating func append(line bytes: UnsafeRawBufferPointer, in range: Range<Int>) {
        var reader = JSONReader(bytes, in: range)
        if reader.isAtEnd() { return }
        guard let line = readLine(&reader) else {
            unreadableLines += 1
            return
        }
        if line.isEvaluation {
            for (name, value) in values { append(value, at: line.step, of: name, toEvaluations: true) }
        } else {
            goBack(to: line.step)
            if let epoch = line.epoch, epochs.last?.epoch != epoch {
                epochs.append(EpochStart(epoch: epoch, step: line.step))
            }
            for (name, value) in values { append(value, at: line.step, of: name, toEvaluations: false) }
            lastStep = line.step
        }
    }

    /// Fills `values`; nil where the line is no record with a step.
    private mutating func readLine(_ reader: inout JSONReader) -> (step: Int, epoch: Int?, isEvaluation: Bool)? {
        guard reader.take("{") else { return nil }
        values.removeAll(keepingCapacity: true)
        var (step, epoch, isEvaluation): (Int?, Int?, Bool) = (nil, nil, false)
        var position = 0
        while let found = reader.textRange(), reader.take(":") {
            let name = index(of: found, position, reader)
            if let value = reader.quantity() {
                switch names[name].role {
                case .step: step = Self.possibleSteps.contains(value) ? Int(exactly: value) : nil
                case .epoch: epoch = Int(exactly: value)
                case .evaluation:
                    isEvaluation = true
                    values.append((name, value))
                case .other: values.append((name, value))
                }
            }
            position += 1
            if reader.take(",") { continue }
            guard reader.take("}"), reader.isAtEnd(), reader.isWhole, let step else { return nil }
            return (step, epoch, isEvaluation)
        }
        return nil
    }

    /// The name's number; lines mostly have the same names in the same places.
    private mutating func index(
        of found: (range: Range<Int>, isEscaped: Bool), _ position: Int, _ reader: JSONReader
    ) -> Int {
        if position < names.count, reader.has(names[position].bytes, at: found.range) { return position }
        if let known = names.firstIndex(where: { reader.has($0.bytes, at: found.range) }) { return known }
        names.append(FieldName(reader.text(at: found)))
        return names.count - 1
    }

    private mutating func append(_ value: Double, at step: Int, of name: Int, toEvaluations: Bool) {
        if toEvaluations {
            if names[name].evaluationIndex == nil {
                names[name].evaluationIndex = evaluations.count
                evaluations.append(MetricSeries(name: names[name].text))
            }
            if let index = names[name].evaluationIndex { evaluations[index].append(value, at: step) }
        } else {
            if names[name].seriesIndex == nil {
                names[name].seriesIndex = series.count
                series.append(MetricSeries(name: names[name].text))
            }
            if let index = names[name].seriesIndex { series[index].append(value, at: step) }
        }
    }

    /// Forgets what came from `step` on, where the run had been beyond it.
    private mutating func goBack(to step: Int) {
        guard let lastStep, step < lastStep else { return }
        for index in series.indices { series[index].cut(from: step) }
        for index in evaluations.indices { evaluations[index].cut(from: step) }
        epochs.removeAll { $0.step >= step }
    }
}

/// A name in lines of metrics.
private struct FieldName {
    enum Role { case step, epoch, evaluation, other }

    let text: String
    let bytes: [UInt8]
    let role: Role
    var seriesIndex: Int?
    var evaluationIndex: Int?

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
        role =
            switch text {
            case "step": .step
            case "epoch": .epoch
            case _ where text == "accuracy" || text.hasPrefix("evaluation"): .evaluation
            default: .other
            }
    }
}
