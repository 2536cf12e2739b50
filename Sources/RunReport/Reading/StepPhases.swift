/// What a step is made of, in its order.
public enum StepPhase: String, Sendable, Hashable, CaseIterable {
    /// Waiting for data, the forward and the backward pass.
    case data, forward, backward
    /// Waiting for other ranks, the optimizer, and what is none of these.
    case communication, optimizer, other

    /// The name as a heading.
    var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

/// Seconds of each phase, of one step or of many together.
public struct PhaseSeconds: Sendable, Hashable {
    private var seconds = [Double](repeating: 0, count: StepPhase.allCases.count)

    /// No time.
    public init() {}

    /// The seconds of a phase.
    public subscript(_ phase: StepPhase) -> Double {
        get { seconds[StepPhase.allCases.firstIndex(of: phase) ?? 0] }
        set { seconds[StepPhase.allCases.firstIndex(of: phase) ?? 0] = newValue }
    }

    /// All phases together.
    public var total: Double { seconds.reduce(0, +) }

    /// Adds those of another.
    public mutating func add(_ other: PhaseSeconds) {
        for index in seconds.indices { seconds[index] += other.seconds[index] }
    }
}
