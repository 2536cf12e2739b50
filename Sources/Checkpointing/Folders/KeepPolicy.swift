/// Which checkpoints stay when a new one was saved.
///
/// Policies compose: a checkpoint that any of them keeps stays, and the newest always does.
/// ```swift
/// let policy = KeepPolicy.last(3).and(.best(1, of: "loss", .lowest)).and(.every(10_000))
/// ```
public struct KeepPolicy: Sendable, Hashable {
    /// Which values of a metric are better.
    public enum Best: Sendable, Hashable {
        /// Low ones, as of a loss.
        case lowest
        /// High ones, as of an accuracy.
        case highest
    }

    private enum Rule: Sendable, Hashable {
        case all
        case last(Int)
        case best(Int, String, Best)
        case every(Int)
    }

    private let rules: [Rule]

    /// Keeps everything.
    public static let all = KeepPolicy(rules: [.all])

    /// Keeps the newest `count`.
    public static func last(_ count: Int) -> KeepPolicy { KeepPolicy(rules: [.last(count)]) }

    /// Keeps the `count` with the best values of a metric, the earlier one of two that are equally good.
    ///
    /// Checkpoints without the metric, or with NaN for it, are not among the best.
    public static func best(_ count: Int, of metric: String, _ best: Best) -> KeepPolicy {
        KeepPolicy(rules: [.best(count, metric, best)])
    }

    /// Keeps those whose step is a multiple of `steps`; none where that is below one.
    public static func every(_ steps: Int) -> KeepPolicy { KeepPolicy(rules: [.every(steps)]) }

    /// Keeps what this policy keeps, and what the other one keeps.
    public func and(_ other: KeepPolicy) -> KeepPolicy { KeepPolicy(rules: rules + other.rules) }

    /// The steps whose checkpoints stay.
    ///
    /// - Parameter checkpoints: Steps and metrics of all that are there, in any order.
    public func keptSteps(of checkpoints: [(step: Int, metrics: [String: Double])]) -> Set<Int> {
        let sorted = checkpoints.sorted { $0.step < $1.step }
        var kept = Set(sorted.suffix(1).map(\.step))
        for rule in rules {
            switch rule {
            case .all: kept.formUnion(sorted.map(\.step))
            case .last(let count): kept.formUnion(sorted.suffix(max(0, count)).map(\.step))
            case .every(let steps):
                if steps > 0 { kept.formUnion(sorted.map(\.step).filter { $0 % steps == 0 }) }
            case .best(let count, let metric, let best):
                let values = sorted.compactMap { checkpoint -> (value: Double, step: Int)? in
                    guard let value = checkpoint.metrics[metric], !value.isNaN else { return nil }
                    return (best == .lowest ? value : -value, checkpoint.step)
                }
                kept.formUnion(values.sorted { $0 < $1 }.prefix(max(0, count)).map(\.step))
            }
        }
        return kept
    }
}
