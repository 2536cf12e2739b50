/// What was logged at one moment: the record, and when that was.
public struct TrackedPoint: Sendable, Equatable {
    /// The names that say where in the run a record belongs, and are no measurements.
    static let places: Set<String> = ["step", "epoch", "seconds"]

    /// The record, as `metrics.jsonl` has it.
    public let record: MetricsRecord

    /// Seconds since 1970.
    public let time: Double

    /// The record's step; where it has none, that of the record before it.
    public let step: Int

    /// A point.
    public init(_ record: MetricsRecord, time: Double, step: Int) {
        self.record = record
        self.time = time
        self.step = step
    }

    /// The measurements: every number but the step, the epoch and the seconds.
    public var measurements: [(name: String, value: Double)] {
        record.fields.compactMap { field in
            guard !Self.places.contains(field.name), let value = field.value.doubleValue else { return nil }
            return (field.name, value)
        }
    }
}
