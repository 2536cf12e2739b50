import Torch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One rise to a high learning rate and a long fall to nearly nothing (Smith and Topin, 2017; PyTorch's `OneCycleLR`).
///
/// The momentum falls while the learning rate rises, and the other way round. After the last step everything stays as
/// it was then.
public struct OneCycle: LearningRateSchedule {
    /// How a phase goes from its start to its end.
    public enum Shape: Sendable {
        /// Along half a wave of the cosine.
        case cosine
        /// Along a straight line.
        case linear
    }

    /// The number of steps (PyTorch's `total_steps`).
    public let steps: Int
    /// The learning rate at the top, for all groups; the group's own if nil.
    public let maxLearningRate: Double?
    /// The part of the steps that the rise takes (PyTorch's `pct_start`).
    public let rise: Double
    /// The shape of the phases (PyTorch's `anneal_strategy`).
    public let shape: Shape
    /// The lowest and the highest momentum; nil leaves the momentum alone.
    public let momenta: ClosedRange<Double>?
    /// What the maximum is divided by at the start (PyTorch's `div_factor`).
    public let startDivisor: Double
    /// What the start is divided by at the end (PyTorch's `final_div_factor`).
    public let endDivisor: Double
    /// Whether the fall first mirrors the rise, and then goes on to the end.
    public let threePhases: Bool

    /// A cycle of `steps` steps, with PyTorch's defaults.
    public init(
        steps: Int, maxLearningRate: Double? = nil, rise: Double = 0.3, shape: Shape = .cosine,
        momenta: ClosedRange<Double>? = 0.85...0.95, startDivisor: Double = 25, endDivisor: Double = 1e4,
        threePhases: Bool = false
    ) {
        requirePositive(steps, "OneCycle: steps")
        if !(0...1).contains(rise) { stop("OneCycle: rise is \(rise); it must be a part of 1", operands: []) }
        if !(startDivisor > 0 && endDivisor > 0) {
            stop("OneCycle: the divisors \(startDivisor) and \(endDivisor) must be above 0", operands: [])
        }
        self.steps = steps
        self.maxLearningRate = maxLearningRate
        self.rise = rise
        self.shape = shape
        self.momenta = momenta
        self.startDivisor = startDivisor
        self.endDivisor = endDivisor
        self.threePhases = threePhases
    }

    /// The learning rate of a step.
    public func learningRate(at step: Int, base: Double) -> Double {
        let top = maxLearningRate ?? base
        let start = top / startDivisor
        let end = start / endDivisor
        return threePhases ? value(at: step, [start, top, start, end]) : value(at: step, [start, top, end])
    }

    /// The momentum of a step.
    public func momentum(at step: Int, base: Double) -> Double {
        guard let momenta else { return base }
        let (low, high) = (momenta.lowerBound, momenta.upperBound)
        return threePhases ? value(at: step, [high, low, high, high]) : value(at: step, [high, low, high])
    }

    /// The value between those at the ends of the phases.
    private func value(at step: Int, _ corners: [Double]) -> Double {
        let rising = rise * Double(steps)
        let last = Double(steps - 1)
        let ends = threePhases ? [rising - 1, 2 * rising - 2, last] : [rising - 1, last]
        let step = min(Double(step), last)
        let phase = ends.firstIndex { step <= $0 } ?? ends.count - 1
        let begin = phase == 0 ? 0 : ends[phase - 1]
        // A phase without length is at its end.
        let part = ends[phase] > begin ? min((step - begin) / (ends[phase] - begin), 1) : 1
        let (from, to) = (corners[phase], corners[phase + 1])
        switch shape {
        case .cosine: return to + (from - to) / 2 * (cos(.pi * part) + 1)
        case .linear: return (to - from) * part + from
        }
    }
}
