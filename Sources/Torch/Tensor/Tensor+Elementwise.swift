import CTorch

extension Tensor {
    /// The absolute value.
    public func abs() -> Tensor { mapped("abs") { ct_abs($0) } }
    /// -1, 0 or 1 by the sign.
    public func sign() -> Tensor { mapped("sign") { ct_sign($0) } }
    /// e to the power of each element.
    public func exp() -> Tensor { mapped("exp") { ct_exp($0) } }
    /// `exp(x) - 1`, exact near zero.
    public func expm1() -> Tensor { mapped("expm1") { ct_expm1($0) } }
    /// The natural logarithm.
    public func log() -> Tensor { mapped("log") { ct_log($0) } }
    /// `log(1 + x)`, exact near zero.
    public func log1p() -> Tensor { mapped("log1p") { ct_log1p($0) } }
    /// The logarithm to base two.
    public func log2() -> Tensor { mapped("log2") { ct_log2($0) } }
    /// The square root.
    public func sqrt() -> Tensor { mapped("sqrt") { ct_sqrt($0) } }
    /// One over the square root.
    public func rsqrt() -> Tensor { mapped("rsqrt") { ct_rsqrt($0) } }
    /// The square.
    public func square() -> Tensor { mapped("square") { ct_square($0) } }
    /// One over each element.
    public func reciprocal() -> Tensor { mapped("reciprocal") { ct_reciprocal($0) } }
    /// The sine, in radians.
    public func sin() -> Tensor { mapped("sin") { ct_sin($0) } }
    /// The cosine, in radians.
    public func cos() -> Tensor { mapped("cos") { ct_cos($0) } }
    /// The tangent, in radians.
    public func tan() -> Tensor { mapped("tan") { ct_tan($0) } }
    /// The hyperbolic tangent.
    public func tanh() -> Tensor { mapped("tanh") { ct_tanh($0) } }
    /// `1 / (1 + exp(-x))`.
    public func sigmoid() -> Tensor { mapped("sigmoid") { ct_sigmoid($0) } }
    /// The larger of zero and each element.
    public func relu() -> Tensor { mapped("relu") { ct_relu($0) } }
    /// `x · sigmoid(x)`.
    public func silu() -> Tensor { mapped("silu") { ct_silu($0) } }
    /// `log(1 + exp(x))`.
    public func softplus() -> Tensor { mapped("softplus") { ct_softplus($0) } }
    /// The error function.
    public func erf() -> Tensor { mapped("erf") { ct_erf($0) } }
    /// The inverse of the error function.
    public func erfinv() -> Tensor { mapped("erfinv") { ct_erfinv($0) } }
    /// Rounded down.
    public func floor() -> Tensor { mapped("floor") { ct_floor($0) } }
    /// Rounded up.
    public func ceil() -> Tensor { mapped("ceil") { ct_ceil($0) } }
    /// Rounded to the nearest integer, halves to even.
    public func round() -> Tensor { mapped("round") { ct_round($0) } }
    /// The integer part.
    public func trunc() -> Tensor { mapped("trunc") { ct_trunc($0) } }

    /// The element-wise larger one.
    public func maximum(_ other: Tensor) -> Tensor { mapped("maximum", other) { ct_maximum($0, $1) } }
    /// The element-wise smaller one.
    public func minimum(_ other: Tensor) -> Tensor { mapped("minimum", other) { ct_minimum($0, $1) } }
    /// The angle of the point (other, self), in radians.
    public func atan2(_ other: Tensor) -> Tensor { mapped("atan2", other) { ct_atan2($0, $1) } }

    /// Each element brought into a range; nil leaves that side open.
    public func clamp(min low: Double? = nil, max high: Double? = nil) -> Tensor {
        withBounds(low, high) { low, high in mapped("clamp") { ct_clamp($0, low, high) } }
    }
    /// Each element brought into a range, by which integers stay integers; nil leaves that side open.
    public func clamp(min low: Int? = nil, max high: Int? = nil) -> Tensor {
        withBounds(low, high) { low, high in mapped("clamp") { ct_clamp($0, low, high) } }
    }

    /// `self + weight · (end - self)`.
    public func lerp(_ end: Tensor, weight: Double) -> Tensor { mapped("lerp", end) { ct_lerp($0, $1, weight) } }

    /// This tensor's elements where a condition holds, the other's elsewhere.
    public static func `where`(_ condition: Tensor, _ yes: Tensor, _ no: Tensor) -> Tensor {
        withExtendedLifetime((condition, yes, no)) {
            taken(ct_where(condition.handle, yes.handle, no.handle), "where", [condition, yes, no])
        }
    }
}

/// Passes the ends of a range, either of which may be open, to C.
func withBounds<Bound: TensorElement, Result>(
    _ low: Bound?, _ high: Bound?, _ body: (UnsafePointer<ct_scalar>?, UnsafePointer<ct_scalar>?) -> Result
) -> Result {
    let lower = (low?.tensorNumber ?? .real(0)).scalar
    let upper = (high?.tensorNumber ?? .real(0)).scalar
    return withUnsafePointer(to: lower) { lower in
        withUnsafePointer(to: upper) { upper in
            body(low == nil ? nil : lower, high == nil ? nil : upper)
        }
    }
}
