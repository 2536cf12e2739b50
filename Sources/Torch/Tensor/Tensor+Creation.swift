import CTorch

extension Tensor {
    /// A tensor whose elements have not been set.
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        withDimensions(shape) { taken(ct_empty($0, $1, device.options(dtype)), "empty", []) }
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    /// A tensor with the same value everywhere.
    public static func full(
        _ shape: [Int], _ value: some TensorElement, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        withDimensions(shape) {
            taken(ct_full($0, $1, value.tensorNumber.scalar, device.options(dtype)), "full", [])
        }
    }

    /// Zeros in the shape, type and place of another tensor.
    public static func zeros(like other: Tensor) -> Tensor { other.mapped("zeros") { ct_zeros_like($0) } }

    /// Ones in the shape, type and place of another tensor.
    public static func ones(like other: Tensor) -> Tensor { full(like: other, 1) }

    /// One value in the shape, type and place of another tensor.
    public static func full(like other: Tensor, _ value: some TensorElement) -> Tensor {
        other.mapped("fullLike") { ct_full_like($0, value.tensorNumber.scalar) }
    }

    /// A tensor in the shape, type and place of another one whose elements have not been set.
    public static func empty(like other: Tensor) -> Tensor {
        other.mapped("emptyLike") { ct_empty_like($0) }
    }

    /// The numbers from `start` up to, not including, `end` (PyTorch's `arange`).
    public static func arange<Element: TensorElement>(
        _ start: Element, _ end: Element, step: Element, dtype: DType? = nil, device: Device = .cpu
    ) -> Tensor {
        let options = device.options(dtype ?? (Element.dtype == .float64 ? .float32 : Element.dtype))
        return taken(
            ct_arange(
                start.tensorNumber.scalar, end.tensorNumber.scalar, step.tensorNumber.scalar, options), "arange", [])
    }

    /// The integers from 0 up to, not including, `end`.
    public static func arange(_ end: Int, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        arange(0, end, step: 1, dtype: dtype, device: device)
    }

    /// `steps` evenly spaced numbers, both ends included.
    public static func linspace(
        _ start: Double, _ end: Double, steps: Int, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        taken(ct_linspace(start, end, Int64(steps), device.options(dtype)), "linspace", [])
    }

    /// The identity matrix, or its first `columns` columns.
    public static func eye(
        _ rows: Int, _ columns: Int? = nil, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        taken(ct_eye(Int64(rows), Int64(columns ?? rows), device.options(dtype)), "eye", [])
    }

    /// A scalar tensor (no dimensions); real numbers give `float32` unless a type is named, as in PyTorch.
    public convenience init(_ value: some TensorElement, dtype: DType? = nil, device: Device = .cpu) {
        self.init(TensorLiteral(value.tensorNumber), dtype: dtype, device: device)
    }

    /// A tensor with a copy of the elements, whose type it keeps.
    ///
    /// - Parameters:
    ///   - elements: the elements, the last dimension's running fastest.
    ///   - shape: sizes whose product is the number of elements; one dimension if nil.
    public convenience init<Element: TensorElement>(copying elements: [Element], shape: [Int]? = nil) {
        let shape = shape ?? [elements.count]
        guard shape.reduce(1, *) == elements.count else {
            stop("Tensor(copying:shape:): \(elements.count) elements do not fill the shape \(shape)", operands: [])
        }
        let handle = elements.withUnsafeBytes { bytes in
            withDimensions(shape) { sizes, count in
                ct_from_bytes(bytes.baseAddress ?? UnsafeRawPointer(sizes), sizes, count, Element.dtype.rawValue)
            }
        }
        guard let handle else { stopWithLastError("Tensor(copying:shape:)", operands: []) }
        self.init(owning: handle)
    }

    /// A tensor with a copy of raw bytes in the machine's order.
    ///
    /// - Throws: `TorchError` when the number of bytes is not what the shape and type need, or memory ran out.
    public convenience init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws {
        var needed: Int? = dtype.byteCount
        for size in shape {
            let (product, overflow) = (needed ?? 0).multipliedReportingOverflow(by: size)
            needed = size < 0 || overflow ? nil : needed.map { _ in product }
        }
        guard needed == bytes.count else {
            throw TorchError(
                .value,
                "a tensor of shape \(shape) and type \(dtype) has \(needed.map { "\($0)" } ?? "no possible number of") "
                    + "bytes, but \(bytes.count) were given")
        }
        let handle = withDimensions(shape) { sizes, count in
            ct_from_bytes(bytes.baseAddress ?? UnsafeRawPointer(sizes), sizes, count, dtype.rawValue)
        }
        guard let handle else { throw TorchError.last("Tensor(bytes:)") }
        self.init(owning: handle)
    }

    /// A tensor over memory that is not copied; `release` runs once, when the last view of it is gone.
    ///
    /// - Parameters:
    ///   - memory: as many bytes as the shape and type need, aligned for the type.
    ///   - shape: the size of each dimension.
    ///   - dtype: the type of the elements.
    ///   - release: may run on any thread.
    public convenience init(
        borrowing memory: UnsafeMutableRawPointer, shape: [Int], dtype: DType, release: @escaping @Sendable () -> Void
    ) {
        let context = Unmanaged.passRetained(ReleaseAction(release))
        let handle = withDimensions(shape) { sizes, count in
            ct_from_blob(memory, sizes, count, dtype.rawValue, context.toOpaque()) { context in
                guard let context else { return }
                Unmanaged<ReleaseAction>.fromOpaque(context).takeRetainedValue().run()
            }
        }
        guard let handle else { stopWithLastError("Tensor(borrowing:)", operands: []) }
        self.init(owning: handle)
    }
}

/// What is to be done when borrowed memory is no longer used.
private final class ReleaseAction: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
