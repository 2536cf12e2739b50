/// What a rank does in a step, as far as the accelerator sees it.
enum StepPhase: Int, CaseIterable {
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
    var name: String { "\(self)" }
}

/// Nanoseconds in each phase.
struct PhaseTimes: Equatable {
    private var times = SIMD8<UInt64>()

    subscript(_ phase: StepPhase) -> UInt64 {
        get { times[phase.rawValue] }
        set { times[phase.rawValue] = newValue }
    }

    /// All phases together.
    var total: UInt64 { times.wrappedSum() }

    /// The share of some phases in all, from 0 to 1.
    func share(_ phases: StepPhase...) -> Double {
        total == 0 ? 0 : Double(phases.reduce(0) { $0 + self[$1] }) / Double(total)
    }

    static func - (left: PhaseTimes, right: PhaseTimes) -> PhaseTimes {
        var difference = left
        difference.times &-= right.times
        return difference
    }
}
