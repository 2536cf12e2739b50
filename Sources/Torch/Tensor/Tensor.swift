import CTorch

/// An array of numbers of one type with any number of dimensions, on one device.
///
/// A tensor is a reference, as in PyTorch: two names for one tensor see each other's in-place changes, and a view
/// (`reshape`, `transpose`, a slice) shares its elements with what it was taken from. The elements live as long as
/// anything refers to them.
///
/// Operations on tensors whose shapes or types do not fit are programming errors: they stop the program with
/// LibTorch's message, the operands, and the module that was being called. A tensor belongs to the thread that uses
/// it and is not `Sendable`.
///
/// ```swift
/// let x: Tensor = [[1, 2], [3, 4]]
/// let y = x.matmul(x.transpose(0, 1)) + 0.5
/// print(y.sum().item(as: Double.self))
/// ```
public final class Tensor {
    /// The reference on LibTorch's tensor that this object owns.
    let handle: ct_tensor

    package init(owning handle: ct_tensor) {
        self.handle = handle
    }

    deinit {
        ct_tensor_release(handle)
    }
}

@available(*, unavailable)
extension Tensor: Sendable {}

extension Tensor {
    /// The size of each dimension; empty for a scalar.
    public var shape: [Int] {
        withHandle { handle in
            let sizes = ct_sizes(handle)
            return (0..<Int(ct_dim(handle))).map { Int(sizes[$0]) }
        }
    }

    /// The number of dimensions.
    public var dim: Int { withHandle { Int(ct_dim($0)) } }

    /// The number of elements (PyTorch's `numel`).
    public var count: Int { withHandle { Int(ct_numel($0)) } }

    /// The elements to step over for the next one along each dimension.
    public var strides: [Int] {
        var values = [Int64](repeating: 0, count: dim)
        require(withHandle { ct_strides($0, &values) }, "strides", [self])
        return values.map { Int($0) }
    }

    /// The size of one dimension; a negative `dim` counts from the last.
    public func size(_ dim: Int) -> Int {
        let shape = shape
        let index = dim < 0 ? dim + shape.count : dim
        guard shape.indices.contains(index) else {
            stop("size(\(dim)): the tensor has \(shape.count) dimensions", operands: [self])
        }
        return shape[index]
    }

    /// The type of the elements.
    public var dtype: DType {
        let number = withHandle { ct_dtype($0) }
        guard let dtype = DType(rawValue: number) else {
            stop("LibTorch's type number \(number) has no counterpart here", operands: [])
        }
        return dtype
    }

    /// Where the elements are.
    public var device: Device {
        withHandle { Device(type: ct_device_type($0), index: ct_device_index($0)) }
    }

    /// Whether the elements lie one after another in memory.
    public var isContiguous: Bool { withHandle { ct_is_contiguous($0) } }

    /// Whether both are views of the same memory.
    public func sharesStorage(with other: Tensor) -> Bool {
        withHandles(other) { ct_shares_storage($0, $1) }
    }

    /// The address of LibTorch's tensor, for telling whether two references are to the same one.
    package var identity: UnsafeRawPointer { UnsafeRawPointer(handle) }

    /// How many tensors are held by this program at the moment, for finding leaks.
    public static var liveCount: Int { Int(ct_live_tensors()) }
}
