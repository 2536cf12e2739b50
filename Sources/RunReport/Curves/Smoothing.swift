/// An exponential moving average that weighs the first values like all others.
enum Smoothing {
    /// Below this a curve is shown as it is.
    static let fewest = 30

    /// How many values the average reaches back, for a curve of `count`.
    static func reach(of count: Int) -> Int { min(max(count / 40, 3), 1000) }

    /// A curve, smoothed; nil for one of few points.
    ///
    /// Values that are not finite stay, and count for nothing.
    static func smoothed(_ points: [CurvePoint]) -> [CurvePoint]? {
        guard points.count >= fewest else { return nil }
        let keep = 1 - 2 / Double(reach(of: points.count) + 1)
        var (sum, weight) = (0.0, 0.0)
        return points.map { point in
            guard point.y.isFinite else { return point }
            sum = keep * sum + (1 - keep) * point.y
            weight = keep * weight + (1 - keep)
            return CurvePoint(x: point.x, y: sum / weight)
        }
    }
}
