import CTorch

// Comparisons give tensors of booleans. `==` between tensors is left out: it would read as one truth value.
extension Tensor {
    /// Where both are equal.
    public func eq(_ other: Tensor) -> Tensor { mapped("eq", other) { ct_eq($0, $1) } }
    /// Where they differ.
    public func ne(_ other: Tensor) -> Tensor { mapped("ne", other) { ct_ne($0, $1) } }
    /// Where an element is equal to a number.
    public func eq(_ other: some TensorElement) -> Tensor {
        mapped("eq") { ct_eq_scalar($0, other.tensorNumber.scalar) }
    }
    /// Where an element differs from a number.
    public func ne(_ other: some TensorElement) -> Tensor {
        mapped("ne") { ct_ne_scalar($0, other.tensorNumber.scalar) }
    }
    /// Where the left is less.
    public static func < (left: Tensor, right: Tensor) -> Tensor { left.mapped("lt", right) { ct_lt($0, $1) } }
    /// Where the left is less or equal.
    public static func <= (left: Tensor, right: Tensor) -> Tensor { left.mapped("le", right) { ct_le($0, $1) } }
    /// Where the left is greater.
    public static func > (left: Tensor, right: Tensor) -> Tensor { left.mapped("gt", right) { ct_gt($0, $1) } }
    /// Where the left is greater or equal.
    public static func >= (left: Tensor, right: Tensor) -> Tensor { left.mapped("ge", right) { ct_ge($0, $1) } }
    /// Where an element is less than a number.
    public static func < (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("lt") { ct_lt_scalar($0, right.tensorNumber.scalar) }
    }
    /// Where an element is at most a number.
    public static func <= (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("le") { ct_le_scalar($0, right.tensorNumber.scalar) }
    }
    /// Where an element is greater than a number.
    public static func > (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("gt") { ct_gt_scalar($0, right.tensorNumber.scalar) }
    }
    /// Where an element is at least a number.
    public static func >= (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("ge") { ct_ge_scalar($0, right.tensorNumber.scalar) }
    }

    /// Where both are true (not zero).
    public func logicalAnd(_ other: Tensor) -> Tensor { mapped("logicalAnd", other) { ct_logical_and($0, $1) } }
    /// Where at least one is true.
    public func logicalOr(_ other: Tensor) -> Tensor { mapped("logicalOr", other) { ct_logical_or($0, $1) } }
    /// Where exactly one is true.
    public func logicalXor(_ other: Tensor) -> Tensor { mapped("logicalXor", other) { ct_logical_xor($0, $1) } }
    /// Where an element is zero or false.
    public func logicalNot() -> Tensor { mapped("logicalNot") { ct_logical_not($0) } }
    /// Where an element is no number.
    public func isnan() -> Tensor { mapped("isnan") { ct_isnan($0) } }
    /// Where an element is infinite.
    public func isinf() -> Tensor { mapped("isinf") { ct_isinf($0) } }
    /// Where an element is neither infinite nor NaN.
    public func isfinite() -> Tensor { mapped("isfinite") { ct_isfinite($0) } }

    /// Whether both have the same shape and elements (PyTorch's `equal`).
    public func isEqual(to other: Tensor) -> Bool {
        var result = false
        require(withHandles(other) { ct_equal($0, $1, &result) }, "equal", [self, other])
        return result
    }

    /// Whether all elements differ by at most `absolute + relative · |other|` (PyTorch's `allclose`).
    public func isClose(
        to other: Tensor, relative: Double = 1e-5, absolute: Double = 1e-8, equalNaN: Bool = false
    ) -> Bool {
        var result = false
        require(
            withHandles(other) { ct_allclose($0, $1, relative, absolute, equalNaN, &result) }, "allclose",
            [self, other])
        return result
    }
}
