import Torch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The base, or for some steps a part of it (PyTorch's `ConstantLR`).
public struct Constant: LearningRateSchedule {
    /// What the base is multiplied by in the first `steps` steps.
    public let factor: Double
    /// How many steps have the factor.
    public let steps: Int

    /// The base at all steps, or a part of it in the first ones.
    public init(factor: Double = 1, steps: Int = 0) {
        self.factor = factor
        self.steps = steps
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double { step < steps ? base * factor : base }
}

/// The base multiplied by `gamma` every so many steps (PyTorch's `StepLR`).
public struct StepDecay: LearningRateSchedule {
    /// The steps between two multiplications.
    public let interval: Int
    /// The factor.
    public let gamma: Double

    /// A decay every `interval` steps, of which there must be at least one.
    public init(every interval: Int, gamma: Double = 0.1) {
        requirePositive(interval, "StepDecay: every")
        self.interval = interval
        self.gamma = gamma
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double { base * pow(gamma, Double(step / interval)) }
}

/// The base multiplied by `gamma` at named steps (PyTorch's `MultiStepLR`).
public struct MultiStep: LearningRateSchedule {
    /// The steps from which on there is one more factor; one that is named twice counts twice.
    public let milestones: [Int]
    /// The factor.
    public let gamma: Double

    /// A decay at each of `milestones`, in any order.
    public init(at milestones: [Int], gamma: Double = 0.1) {
        self.milestones = milestones
        self.gamma = gamma
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double {
        base * pow(gamma, Double(milestones.count { $0 <= step }))
    }
}

/// The base multiplied by `gamma` at every step (PyTorch's `ExponentialLR`).
public struct ExponentialDecay: LearningRateSchedule {
    /// The factor.
    public let gamma: Double

    /// A decay at every step.
    public init(gamma: Double) {
        self.gamma = gamma
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double { base * pow(gamma, Double(step)) }
}

func requirePositive(_ value: Int, _ name: String) {
    if value < 1 { stop("\(name) is \(value); it must be at least 1", operands: []) }
}
