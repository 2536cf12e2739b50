#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Half a wave of the cosine from the base down to a minimum (Loshchilov and Hutter, 2016; PyTorch's
/// `CosineAnnealingLR`).
///
/// Beyond its last step the wave goes on and rises again, as PyTorch's does.
public struct CosineAnnealing: LearningRateSchedule {
    /// The step that has the minimum (PyTorch's `T_max`).
    public let steps: Int
    /// The learning rate at the end, the same for all groups (PyTorch's `eta_min`).
    public let minimum: Double

    /// A fall to `minimum` within `steps` steps, of which there must be at least one.
    public init(steps: Int, minimum: Double = 0) {
        requirePositive(steps, "CosineAnnealing: steps")
        self.steps = steps
        self.minimum = minimum
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double {
        minimum + (base - minimum) * (1 + cos(.pi * Double(step) / Double(steps))) / 2
    }
}
