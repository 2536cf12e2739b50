import Torch

/// A straight line between two parts of the base, which then stays at the second (PyTorch's `LinearLR`).
public struct LinearRamp: LearningRateSchedule {
    /// The part of the base at step 0.
    public let start: Double
    /// The part of the base from step `steps` on.
    public let end: Double
    /// How many steps the line takes.
    public let steps: Int

    /// A line from `start` to `end` times the base, in at least one step.
    public init(from start: Double = 1.0 / 3, to end: Double = 1, steps: Int) {
        requirePositive(steps, "LinearRamp: steps")
        if !(start >= 0 && end >= 0 && start.isFinite && end.isFinite) {
            stop("LinearRamp: the parts \(start) and \(end) must be finite and at least 0", operands: [])
        }
        self.start = start
        self.end = end
        self.steps = steps
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double {
        base * (start + (end - start) * Double(min(step, steps)) / Double(steps))
    }
}
