import RunFiles

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
