/// What a step is made of, in its order.
public enum StepPhase: Int, Sendable, Hashable, CaseIterable {
    /// Waiting for a batch.
    case data
    /// From the batch to the backward pass: the model and the loss.
    case forward
    /// The backward pass.
    case backward
    /// Waiting for other ranks' gradients behind the backward pass.
    case communication
    /// From the backward pass to the end of the step: the optimizer, and what else the program does there.
    case optimizer
    /// Saving, and what ranks agree on between steps.
    case other

    /// The name in files.
    public var name: String { "\(self)" }
}

/// Seconds of each phase, of one step or of many together.
public struct PhaseSeconds: Sendable, Hashable {
    private var seconds = SIMD8<Double>()

    /// No time.
    public init() {}

    /// The seconds of a phase.
    public subscript(_ phase: StepPhase) -> Double {
        get { seconds[phase.rawValue] }
        set { seconds[phase.rawValue] = newValue }
    }

    /// All phases together.
    public var total: Double { seconds.sum() }

    /// All but waiting for other ranks: what the rank itself took.
    public var own: Double { total - self[.communication] }

    /// Adds those of another.
    public mutating func add(_ other: PhaseSeconds) { seconds += other.seconds }
}

extension PhaseSeconds {
    /// Those of a record of a step; what is no time is none.
    init(_ record: StoredValue) {
        for phase in StepPhase.allCases {
            self[phase] = max(0, record[phase.name]?.finite ?? 0)
        }
    }
}
