import CTorch

// Changes of a tensor's own elements, seen by every view of them. On a tensor that requires gradients they belong
// inside `withoutGradients { }`, as in PyTorch.
extension Tensor {
    /// Adds in place.
    public static func += (left: Tensor, right: Tensor) { left.add(right) }
    /// Subtracts in place.
    public static func -= (left: Tensor, right: Tensor) { left.add(right, scaledBy: -1) }
    /// Multiplies in place.
    public static func *= (left: Tensor, right: Tensor) {
        require(left.withHandles(right) { ct_mul_($0, $1) }, "mul_", [left, right])
    }
    /// Divides in place.
    public static func /= (left: Tensor, right: Tensor) {
        require(left.withHandles(right) { ct_div_($0, $1) }, "div_", [left, right])
    }
    /// Adds a number in place.
    public static func += (left: Tensor, right: some TensorElement) {
        require(left.withHandle { ct_add_scalar_($0, right.tensorNumber.scalar) }, "add_", [left])
    }
    /// Subtracts a number in place.
    public static func -= (left: Tensor, right: some TensorElement) {
        switch right.tensorNumber {
        case .integer(let value): left += -value
        case let number: left += -number.doubleValue
        }
    }
    /// Multiplies by a number in place.
    public static func *= (left: Tensor, right: some TensorElement) {
        require(left.withHandle { ct_mul_scalar_($0, right.tensorNumber.scalar) }, "mul_", [left])
    }
    /// Divides by a number in place.
    public static func /= (left: Tensor, right: some TensorElement) {
        require(left.withHandle { ct_div_scalar_($0, right.tensorNumber.scalar) }, "div_", [left])
    }

    /// Adds `scale · other` in place (PyTorch's `add_(other, alpha:)`).
    public func add(_ other: Tensor, scaledBy scale: some TensorElement) {
        require(withHandles(other) { ct_add_($0, $1, scale.tensorNumber.scalar) }, "add_", [self, other])
    }

    private func add(_ other: Tensor) { add(other, scaledBy: 1) }

    /// Sets all elements to one value.
    @discardableResult
    public func fill(_ value: some TensorElement) -> Tensor {
        require(withHandle { ct_fill_($0, value.tensorNumber.scalar) }, "fill_", [self])
        return self
    }

    /// Sets all elements to zero.
    @discardableResult
    public func zero() -> Tensor { fill(0) }

    /// Copies the elements of a tensor whose shape broadcasts to this one, converting type and device.
    public func copy(from source: Tensor) {
        require(withHandles(source) { ct_copy_($0, $1) }, "copy_", [self, source])
    }

    /// Brings each element into a range in place; nil leaves that side open.
    public func clampInPlace(min low: Double? = nil, max high: Double? = nil) {
        withBounds(low, high) { low, high in
            require(withHandle { ct_clamp_($0, low, high) }, "clamp_", [self])
        }
    }
    /// Brings each element into a range in place; nil leaves that side open.
    public func clampInPlace(min low: Int? = nil, max high: Int? = nil) {
        withBounds(low, high) { low, high in
            require(withHandle { ct_clamp_($0, low, high) }, "clamp_", [self])
        }
    }

    /// Moves each element towards another tensor's in place: `self += weight · (end - self)`.
    public func lerpInPlace(_ end: Tensor, weight: Double) {
        require(withHandles(end) { ct_lerp_($0, $1, weight) }, "lerp_", [self, end])
    }
}
