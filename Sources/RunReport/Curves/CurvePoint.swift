/// A point of a curve.
struct CurvePoint: Sendable, Hashable {
    /// Its step.
    let x: Double
    /// Its value, which need not be finite.
    let y: Double
}

extension MetricSeries {
    /// The values as points.
    var points: [CurvePoint] { zip(steps, values).map { CurvePoint(x: Double($0), y: $1) } }
}
