import CTorch

extension Tensor {
    /// The only element of the tensor as a Swift value (PyTorch's `item`); a tensor with several stops the program.
    public func item<Element: TensorElement>(as type: Element.Type = Element.self) -> Element {
        var scalar = ct_scalar(real: 0, integer: 0, kind: 0)
        require(withHandle { ct_item($0, &scalar) }, "item", [self])
        return Element(TensorNumber(scalar))
    }

    /// All elements in order, converted to a Swift type.
    public func array<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
        let plain = detach().to(.cpu).to(Element.dtype).contiguous()
        return plain.withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }
    }

    /// The bytes of the elements, without a copy; valid during `body` alone.
    ///
    /// The tensor must be contiguous and on the CPU: `contiguous()` and `to(.cpu)` make it so.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeMutableBytes { try body(UnsafeRawBufferPointer($0)) }
    }

    /// The bytes of the elements for writing, without a copy; valid during `body` alone.
    ///
    /// The tensor must be contiguous and on the CPU.
    public func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard device == .cpu, isContiguous else {
            stop(
                "only a contiguous tensor on the CPU has bytes in order; use contiguous() or to(.cpu)", operands: [self]
            )
        }
        var address: UnsafeMutableRawPointer?
        require(withHandle { ct_data($0, &address) }, "data", [self])
        return try withExtendedLifetime(self) {
            try body(UnsafeMutableRawBufferPointer(start: address, count: count * dtype.byteCount))
        }
    }

    /// The elements as Swift values, without a copy; valid during `body` alone.
    ///
    /// The tensor must be contiguous, on the CPU, and of exactly that type.
    public func withUnsafeBuffer<Element: TensorElement, Result>(
        of type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result {
        guard dtype == Element.dtype else {
            stop("the elements are \(dtype), not \(Element.dtype); use to(.\(Element.dtype))", operands: [self])
        }
        return try withUnsafeBytes { try body($0.bindMemory(to: Element.self)) }
    }
}

extension Double {
    /// The only element of a tensor.
    public init(_ tensor: Tensor) { self = tensor.item() }
}
extension Float {
    /// The only element of a tensor.
    public init(_ tensor: Tensor) { self = tensor.item() }
}
extension Int {
    /// The only element of a tensor, fractions cut off.
    public init(_ tensor: Tensor) { self = tensor.item() }
}
extension Bool {
    /// Whether the only element of a tensor is not zero.
    public init(_ tensor: Tensor) { self = tensor.item() }
}
