import CTorch

extension Tensor {
    /// The same elements in another shape, as a view where memory allows; one size may be -1.
    public func reshape(_ shape: [Int]) -> Tensor {
        withDimensions(shape) { sizes, count in mapped("reshape") { ct_reshape($0, sizes, count) } }
    }
    /// The same elements in another shape; one size may be -1.
    public func reshape(_ shape: Int...) -> Tensor { reshape(shape) }

    /// The same elements in another shape, always as a view.
    public func view(_ shape: [Int]) -> Tensor {
        withDimensions(shape) { sizes, count in mapped("view") { ct_view($0, sizes, count) } }
    }
    /// The same elements in another shape, always as a view.
    public func view(_ shape: Int...) -> Tensor { view(shape) }

    /// Dimensions of size one repeated without copying; -1 leaves a size as it is.
    public func expand(_ shape: [Int]) -> Tensor {
        withDimensions(shape) { sizes, count in mapped("expand") { ct_expand($0, sizes, count) } }
    }
    /// Dimensions of size one repeated without copying; -1 leaves a size as it is.
    public func expand(_ shape: Int...) -> Tensor { expand(shape) }

    /// The dimensions in another order.
    public func permute(_ dims: [Int]) -> Tensor {
        withDimensions(dims) { dims, count in mapped("permute") { ct_permute($0, dims, count) } }
    }
    /// The dimensions in another order.
    public func permute(_ dims: Int...) -> Tensor { permute(dims) }

    /// Two dimensions exchanged.
    public func transpose(_ first: Int, _ second: Int) -> Tensor {
        mapped("transpose") { ct_transpose($0, Int64(first), Int64(second)) }
    }
    /// The elements in reverse order along dimensions.
    public func flip(dims: [Int]) -> Tensor {
        withDimensions(dims) { dims, count in mapped("flip") { ct_flip($0, dims, count) } }
    }
    /// The tensor repeated along each dimension, copied.
    public func `repeat`(_ counts: [Int]) -> Tensor {
        withDimensions(counts) { counts, count in mapped("repeat") { ct_repeat($0, counts, count) } }
    }
    /// Padded with a value; pairs (before, after), the last dimension's first, as PyTorch's `pad`.
    public func pad(_ padding: [Int], value: Double = 0) -> Tensor {
        withDimensions(padding) { padding, count in mapped("pad") { ct_pad($0, padding, count, value) } }
    }
    /// Without the dimensions of size one.
    public func squeeze() -> Tensor { mapped("squeeze") { ct_squeeze($0) } }
    /// Without a dimension, if its size is one.
    public func squeeze(dim: Int) -> Tensor { mapped("squeeze") { ct_squeeze_dim($0, Int64(dim)) } }
    /// With a new dimension of size one.
    public func unsqueeze(dim: Int) -> Tensor { mapped("unsqueeze") { ct_unsqueeze($0, Int64(dim)) } }
    /// The dimensions from `start` to `end`, included, made into one.
    public func flatten(from start: Int = 0, to end: Int = -1) -> Tensor {
        mapped("flatten") { ct_flatten($0, Int64(start), Int64(end)) }
    }
    /// The same elements one after another in memory; itself where they are so already.
    public func contiguous() -> Tensor { mapped("contiguous") { ct_contiguous($0) } }
    /// A copy in memory of its own, through which gradients flow.
    public func clone() -> Tensor { mapped("clone") { ct_clone($0) } }
    /// The lower triangle of a matrix, zeros elsewhere.
    public func tril(diagonal: Int = 0) -> Tensor { mapped("tril") { ct_tril($0, Int64(diagonal)) } }
    /// The upper triangle of a matrix, zeros elsewhere.
    public func triu(diagonal: Int = 0) -> Tensor { mapped("triu") { ct_triu($0, Int64(diagonal)) } }
    /// A view of a diagonal.
    public func diagonal(offset: Int = 0, dim0: Int = 0, dim1: Int = 1) -> Tensor {
        mapped("diagonal") { ct_diagonal($0, Int64(offset), Int64(dim0), Int64(dim1)) }
    }

    /// The elements as another type; itself where the type is the same.
    public func to(_ dtype: DType) -> Tensor { mapped("to") { ct_to($0, dtype.rawValue, -1, -1, false) } }
    /// The elements on another device; itself where the device is the same.
    public func to(_ device: Device) -> Tensor {
        mapped("to") { ct_to($0, -1, device.kind.rawValue, Int8(clamping: device.index), false) }
    }

    /// Tensors joined along a dimension.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        withHandleList(tensors) { taken(ct_cat($0, $1, Int64(dim)), "cat", tensors) }
    }
    /// Tensors of one shape joined along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        withHandleList(tensors) { taken(ct_stack($0, $1, Int64(dim)), "stack", tensors) }
    }
    /// Parts of `size` elements along a dimension, the last one perhaps shorter.
    public func split(_ size: Int, dim: Int = 0) -> [Tensor] {
        parts("split", atMost: shape.max() ?? 1) { ct_split($0, Int64(size), Int64(dim), $1, $2, $3) }
    }
    /// At most `count` parts of equal size along a dimension, the last one perhaps shorter.
    public func chunk(_ count: Int, dim: Int = 0) -> [Tensor] {
        parts("chunk", atMost: count) { ct_chunk($0, Int64(count), Int64(dim), $1, $2, $3) }
    }

    private func parts(
        _ operation: StaticString, atMost most: Int,
        _ body: (ct_tensor, UnsafeMutablePointer<ct_tensor?>, Int32, UnsafeMutablePointer<Int32>) -> Bool
    ) -> [Tensor] {
        let capacity = Swift.max(1, most)
        var handles = [ct_tensor?](repeating: nil, count: capacity)
        var count: Int32 = 0
        require(withHandle { body($0, &handles, Int32(clamping: capacity), &count) }, operation, [self])
        return handles.prefix(Int(count)).map { taken($0, operation, [self]) }
    }
}
