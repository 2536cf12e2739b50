/// The values of one name, by step, in ascending order of steps.
public struct MetricSeries: Sendable, Hashable {
    /// The name, as it was logged.
    public let name: String

    /// The steps at which there is a value.
    public private(set) var steps: [Int] = []

    /// The values, one for each of the steps; they need not be finite.
    public private(set) var values: [Double] = []

    /// A series without values.
    public init(name: String) {
        self.name = name
    }

    /// The number of values.
    public var count: Int { steps.count }

    /// The last value, where there is one.
    public var last: Double? { values.last }

    /// Adds a value; one at a step that is not beyond the last takes the place of those from that step on.
    public mutating func append(_ value: Double, at step: Int) {
        if let last = steps.last, last >= step { cut(from: step) }
        steps.append(step)
        values.append(value)
    }

    /// Removes the values from a step on.
    public mutating func cut(from step: Int) {
        var kept = steps.count
        while kept > 0, steps[kept - 1] >= step { kept -= 1 }
        steps.removeSubrange(kept...)
        values.removeSubrange(kept...)
    }
}
