import CTorch

// Operators broadcast and promote types as PyTorch's do. A number beside a tensor takes part with the tensor's type.
extension Tensor {
    /// The element-wise sum.
    public static func + (left: Tensor, right: Tensor) -> Tensor { left.mapped("add", right) { ct_add($0, $1) } }
    /// The element-wise difference.
    public static func - (left: Tensor, right: Tensor) -> Tensor { left.mapped("sub", right) { ct_sub($0, $1) } }
    /// The element-wise product.
    public static func * (left: Tensor, right: Tensor) -> Tensor { left.mapped("mul", right) { ct_mul($0, $1) } }
    /// The element-wise quotient; integers divide to real numbers.
    public static func / (left: Tensor, right: Tensor) -> Tensor { left.mapped("div", right) { ct_div($0, $1) } }
    /// The element-wise remainder, with the divisor's sign.
    public static func % (left: Tensor, right: Tensor) -> Tensor {
        left.mapped("remainder", right) { ct_remainder($0, $1) }
    }

    /// A number added to each element.
    public static func + (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("add") { ct_add_scalar($0, right.tensorNumber.scalar) }
    }
    /// A number added to each element.
    public static func + (left: some TensorElement, right: Tensor) -> Tensor { right + left }
    /// A number subtracted from each element.
    public static func - (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("sub") { ct_sub_scalar($0, right.tensorNumber.scalar) }
    }
    /// Each element subtracted from a number.
    public static func - (left: some TensorElement, right: Tensor) -> Tensor {
        right.mapped("rsub") { ct_rsub_scalar($0, left.tensorNumber.scalar) }
    }
    /// Each element multiplied by a number.
    public static func * (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("mul") { ct_mul_scalar($0, right.tensorNumber.scalar) }
    }
    /// Each element multiplied by a number.
    public static func * (left: some TensorElement, right: Tensor) -> Tensor { right * left }
    /// Each element divided by a number.
    public static func / (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("div") { ct_div_scalar($0, right.tensorNumber.scalar) }
    }
    /// A number divided by each element.
    public static func / (left: some TensorElement, right: Tensor) -> Tensor { right.reciprocal() * left }
    /// The element-wise remainder, with the divisor's sign.
    public static func % (left: Tensor, right: some TensorElement) -> Tensor {
        left.mapped("remainder") { ct_remainder_scalar($0, right.tensorNumber.scalar) }
    }
    /// Each element with its sign turned.
    public static prefix func - (tensor: Tensor) -> Tensor { tensor.mapped("neg") { ct_neg($0) } }

    /// Each element rounded down after division, as Python's `//`.
    public func floorDivide(_ other: Tensor) -> Tensor { mapped("floorDivide", other) { ct_floor_divide($0, $1) } }
    /// Each element rounded down after division, as Python's `//`.
    public func floorDivide(_ other: some TensorElement) -> Tensor {
        mapped("floorDivide") { ct_floor_divide_scalar($0, other.tensorNumber.scalar) }
    }
    /// Each element to the power of the other's.
    public func pow(_ exponent: Tensor) -> Tensor { mapped("pow", exponent) { ct_pow($0, $1) } }
    /// Each element to a power.
    public func pow(_ exponent: some TensorElement) -> Tensor {
        mapped("pow") { ct_pow_scalar($0, exponent.tensorNumber.scalar) }
    }
    /// A number to the power of each element.
    public static func pow(_ base: some TensorElement, _ exponent: Tensor) -> Tensor {
        exponent.mapped("pow") { ct_rpow_scalar(base.tensorNumber.scalar, $0) }
    }

    /// The matrix product, batched over leading dimensions (PyTorch's `matmul`).
    public func matmul(_ other: Tensor) -> Tensor { mapped("matmul", other) { ct_matmul($0, $1) } }
    /// The inner product of two vectors.
    public func dot(_ other: Tensor) -> Tensor { mapped("dot", other) { ct_dot($0, $1) } }
    /// The outer product of two vectors.
    public func outer(_ other: Tensor) -> Tensor { mapped("outer", other) { ct_outer($0, $1) } }

    /// A sum of products after an equation in Einstein's notation, such as `"ij,jk->ik"`.
    public static func einsum(_ equation: String, _ tensors: Tensor...) -> Tensor {
        withHandleList(tensors) { handles, count in
            taken(equation.withCString { ct_einsum($0, handles, count) }, "einsum", tensors)
        }
    }
}
