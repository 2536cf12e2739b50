import Torch

/// One schedule up to a step, and another one from there, which begins at its own step 0 (PyTorch's `SequentialLR`).
public struct SequentialSchedule: LearningRateSchedule {
    /// The schedule of the first steps.
    public let first: any LearningRateSchedule
    /// The step that is the second schedule's step 0.
    public let milestone: Int
    /// The schedule after that.
    public let second: any LearningRateSchedule

    fileprivate init(_ first: any LearningRateSchedule, _ milestone: Int, _ second: any LearningRateSchedule) {
        if milestone < 0 { stop("a schedule cannot begin at step \(milestone)", operands: []) }
        self.first = first
        self.milestone = milestone
        self.second = second
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double {
        step < milestone
            ? first.learningRate(at: step, base: base) : second.learningRate(at: step - milestone, base: base)
    }

    /// The momentum of a step.
    public func momentum(at step: Int, base: Double) -> Double {
        step < milestone ? first.momentum(at: step, base: base) : second.momentum(at: step - milestone, base: base)
    }
}

extension LearningRateSchedule {
    /// This schedule up to step `milestone`, and another one from there on.
    public func then(_ next: any LearningRateSchedule, at milestone: Int) -> SequentialSchedule {
        SequentialSchedule(self, milestone, next)
    }

    /// A linear rise to the base before this schedule, which begins after it (PyTorch's `LinearLR` in `SequentialLR`).
    ///
    /// - Parameters:
    ///   - steps: how many steps the rise takes, at least one.
    ///   - start: the part of the base at step 0.
    public func warmup(steps: Int, from start: Double = 1.0 / 3) -> SequentialSchedule {
        SequentialSchedule(LinearRamp(from: start, steps: steps), steps, self)
    }
}
