/// The learning rate as a function of the step.
///
/// A schedule is a pure function, so that a training that goes on at step 1,000,000 has its learning rate at once. It
/// scales a base, the learning rate that a group was given, so that groups keep their proportions.
///
/// ```swift
/// let scheduler = Scheduler(optimizer, CosineAnnealing(steps: 10_000).warmup(steps: 500))
/// ```
public protocol LearningRateSchedule: Sendable {
    /// The learning rate of step `step`, counted from 0.
    ///
    /// - Parameters:
    ///   - step: the optimizer step.
    ///   - base: the learning rate that the group was given at the start.
    func learningRate(at step: Int, base: Double) -> Double

    /// The momentum of step `step`; the base where a schedule leaves the momentum alone.
    ///
    /// - Parameters:
    ///   - step: the optimizer step.
    ///   - base: the momentum that the group was given at the start.
    func momentum(at step: Int, base: Double) -> Double
}

extension LearningRateSchedule {
    /// The base: the schedule leaves the momentum alone.
    public func momentum(at step: Int, base: Double) -> Double { base }
}
