import RunFiles

/// What `metrics.jsonl` says, taken in line by line.
struct MetricsLog: Sendable {
    /// What the list of runs shows.
    struct Digest: Sendable, Equatable {
        var step: Int?
        var epoch: Int?
        var seconds: Double?
        var loss: Double?
        var bestAccuracy: Double?
    }

    private(set) var digest = Digest()
    /// What a metric is for the list of runs.
    private enum Role {
        case loss, accuracy, other

        init(_ name: String) { self = name == "loss" ? .loss : name == "accuracy" ? .accuracy : .other }
    }

    /// How many points there are in all.
    private(set) var pointCount = 0

    private let keepsPoints: Bool
    private var series: [(role: Role, points: Series)] = []
    private var reader = MetricsReader(mostNames: mostNames)

    /// A file of nonsense must not fill the memory.
    static let mostNames = 256

    /// - Parameter keepsPoints: Whether the points are kept, or the digest alone.
    init(keepsPoints: Bool) { self.keepsPoints = keepsPoints }

    /// The names of the metrics, in the order in which they came.
    var names: [String] { reader.names }

    /// The points of a metric.
    subscript(_ name: String) -> Series? {
        guard let index = names.firstIndex(of: name), keepsPoints else { return nil }
        return series[index].points
    }

    /// Takes in the whole lines of a piece of the file.
    ///
    /// - Returns: How many bytes they have.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        while reader.next(in: bytes, at: &place) { take(reader.line) }
        return place
    }

    private mutating func take(_ line: MetricsReader.Line) {
        digest.step = line.step
        digest.epoch = line.epoch ?? digest.epoch
        digest.seconds = line.seconds ?? digest.seconds
        for name in names[series.count...] { series.append((Role(name), Series())) }
        for value in line.values { take(value.number, at: line.step, value.name) }
    }

    private mutating func take(_ value: Double, at step: Int, _ name: Int) {
        switch series[name].role {
        case .loss: digest.loss = value
        case .accuracy: if value > digest.bestAccuracy ?? -.infinity { digest.bestAccuracy = value }
        case .other: break
        }
        guard keepsPoints else { return }
        pointCount -= series[name].points.count
        series[name].points.append(step, value)
        pointCount += series[name].points.count
    }
}
