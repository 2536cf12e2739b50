import Foundation

/// An axis of a plot: where a value stands, and which values are written.
package struct PlotAxis: Sendable {
    /// The values at its two ends.
    package let range: ClosedRange<Double>
    /// The coordinates of its two ends.
    package let ends: (Double, Double)
    /// Whether equal factors have equal lengths.
    package let isLogarithmic: Bool

    /// An axis from one coordinate to another, of which the first is that of the smallest value.
    package init(range: ClosedRange<Double>, ends: (Double, Double), isLogarithmic: Bool) {
        self.range = range
        self.ends = ends
        self.isLogarithmic = isLogarithmic
    }

    /// Where a value stands.
    package func place(_ value: Double) -> Double {
        let (low, high) = (scaled(range.lowerBound), scaled(range.upperBound))
        let share =
            high > low ? (scaled(min(max(value, range.lowerBound), range.upperBound)) - low) / (high - low) : 0.5
        return ends.0 + share * (ends.1 - ends.0)
    }

    private func scaled(_ value: Double) -> Double { isLogarithmic ? log(value) : value }

    /// About `count` round values: powers of `base` on a logarithmic axis, with 2 and 5 times those of ten where they
    /// are few; else multiples of 1, 2 or 5 times a power of ten.
    package func ticks(_ count: Int, base: Double = 10) -> [Double] {
        guard range.upperBound > range.lowerBound else { return [range.lowerBound] }
        guard isLogarithmic else { return multiples(count) }
        let powers = powers(of: base, [1])
        if powers.count > 2 {
            let step = (powers.count + count - 1) / count
            return powers.enumerated().filter { $0.offset % step == 0 }.map(\.element)
        }
        let parts = base == 10 ? self.powers(of: 10, [1, 2, 5]) : powers
        return parts.count > 1 ? parts : multiples(count)
    }

    private func powers(of base: Double, _ factors: [Double]) -> [Double] {
        let exponents = (log(range.lowerBound) / log(base)).rounded(.down)...(log(range.upperBound) / log(base) + 1)
        return stride(from: exponents.lowerBound, through: exponents.upperBound, by: 1)
            .flatMap { exponent in factors.map { ($0 * pow(base, exponent)) } }.filter(range.contains)
    }

    private func multiples(_ count: Int) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / Double(count)
        guard rough.isNormal else { return [range.lowerBound, range.upperBound] }
        let power = pow(10, log10(rough).rounded(.down))
        let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
        let first = (range.lowerBound / step - 1e-9).rounded(.up) * step
        return stride(from: first, through: range.upperBound + step * 1e-9, by: step)
            .map { min(max($0, range.lowerBound), range.upperBound) }
    }
}
