import OrderedCollections
public import Torch

/// Sets an optimizer's learning rates by a schedule, step by step.
///
/// ```swift
/// let scheduler = Scheduler(optimizer, StepDecay(every: 30))
/// for batch in batches {
///     …
///     try optimizer.step()
///     scheduler.step()
/// }
/// ```
/// A schedule counts optimizer steps; for one that counts epochs call ``step()`` once an epoch. The learning rates that
/// the optimizer has at construction are the schedule's bases.
public final class Scheduler: Stateful {
    /// The optimizer whose learning rates are set.
    public let optimizer: any Optimizer
    /// The schedule.
    public let schedule: any LearningRateSchedule
    /// The step whose learning rates are in force, counted from 0.
    public private(set) var currentStep = 0

    private var baseLearningRates: [Double]
    private var baseMomenta: [Double]

    /// Sets the learning rates of step 0.
    public init(_ optimizer: any Optimizer, _ schedule: any LearningRateSchedule) {
        self.optimizer = optimizer
        self.schedule = schedule
        baseLearningRates = optimizer.learningRates
        baseMomenta = optimizer.momenta
        apply()
    }

    /// The learning rate of each group at a step.
    public func learningRates(at step: Int) -> [Double] {
        baseLearningRates.map { schedule.learningRate(at: step, base: $0) }
    }

    /// The momentum of each group at a step.
    public func momenta(at step: Int) -> [Double] {
        baseMomenta.map { schedule.momentum(at: step, base: $0) }
    }

    /// Sets the learning rates of the next step; to be called after the optimizer's step.
    ///
    /// Where that step was left out, this is too.
    public func step() {
        if optimizer.isSuspended { return }
        currentStep += 1
        apply()
    }

    private func apply() {
        optimizer.learningRates = learningRates(at: currentStep)
        optimizer.momenta = momenta(at: currentStep)
    }

    /// The step and the bases: `step`, `base_learning_rates`, `base_momenta`.
    public func stateDictionary() -> StateDictionary {
        [
            "step": Tensor(currentStep),
            "base_learning_rates": Tensor(copying: baseLearningRates),
            "base_momenta": Tensor(copying: baseMomenta),
        ]
    }

    /// Goes on at the step of a state, and sets the learning rates of that step.
    ///
    /// - Throws: `StateDictionaryError` when names or the number of groups do not fit, `TorchError` when a number is out
    ///   of its range; nothing has been changed then.
    public func load(_ state: StateDictionary) throws {
        if let error = StateDictionaryError(loading: state, into: stateDictionary(), subject: "Scheduler") {
            throw error
        }
        let steps = try numbers("step", of: state) { $0 >= 0 && $0 <= 0x1p53 }
        let rates = try numbers("base_learning_rates", of: state) { $0 >= 0 && $0.isFinite }
        let momenta = try numbers("base_momenta", of: state) { $0 >= 0 && $0 < 1 }
        currentStep = Int(steps[0])
        baseLearningRates = rates
        baseMomenta = momenta
        apply()
    }

    private func numbers(
        _ name: String, of state: StateDictionary, where isSound: (Double) -> Bool
    ) throws -> [Double] {
        let values = state[name]?.array(of: Double.self) ?? []
        guard values.allSatisfy(isSound) else {
            throw TorchError(
                .invalidState,
                "Scheduler: `\(name)` is \(values) in the state, which no training has; the state is damaged. Nothing "
                    + "was loaded")
        }
        return values
    }
}

@available(*, unavailable)
extension Scheduler: Sendable {}
