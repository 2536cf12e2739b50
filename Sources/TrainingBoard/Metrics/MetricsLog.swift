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
    /// The names of the metrics, in the order in which they came.
    private(set) var names: [String] = []
    /// How many lines were no record of a step.
    private(set) var unknownLines = 0
    /// How many points there are in all.
    private(set) var pointCount = 0

    private let keepsPoints: Bool
    private var series: [Series] = []
    private var places = FieldPlaces()
    private var fields: [(place: Int, value: Double)] = []

    /// - Parameter keepsPoints: Whether the points are kept, or the digest alone.
    init(keepsPoints: Bool) { self.keepsPoints = keepsPoints }

    /// The points of a metric.
    subscript(_ name: String) -> Series? {
        guard let index = names.firstIndex(of: name), keepsPoints else { return nil }
        return series[index]
    }

    /// Takes in the whole lines of a piece of the file.
    ///
    /// - Returns: How many bytes they have.
    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        Lines.read(bytes) { readLine($0) }
    }

    private mutating func readLine(_ line: UnsafeBufferPointer<UInt8>) {
        fields.removeAll(keepingCapacity: true)
        var (step, epoch, seconds): (Int?, Int?, Double?)
        let isObject = FlatObject.read(line) { name, value in
            guard let number = FlatText.number(value) else { return }
            if FlatText.equal(name, "step") {
                step = Int(exactly: number.rounded())
            } else if FlatText.equal(name, "epoch") {
                epoch = Int(exactly: number.rounded())
            } else if FlatText.equal(name, "seconds") {
                seconds = number
            } else {
                fields.append((places.place(of: name, after: fields.last?.place), number))
            }
        }
        guard isObject, let step else { return unknownLines += 1 }
        digest.step = step
        digest.epoch = epoch ?? digest.epoch
        digest.seconds = seconds ?? digest.seconds
        for (place, value) in fields { take(place, step, value) }
    }

    private mutating func take(_ place: Int, _ step: Int, _ value: Double) {
        while names.count < places.names.count {
            names.append(places.names[names.count])
            series.append(Series())
        }
        switch places.roles[place] {
        case .loss: digest.loss = value
        case .accuracy: if value > digest.bestAccuracy ?? -.infinity { digest.bestAccuracy = value }
        case .other: break
        }
        guard keepsPoints else { return }
        pointCount -= series[place].count
        series[place].append(step, value)
        pointCount += series[place].count
    }
}
