import CTorch

// The passage to C. A handle is only ever read inside a closure that keeps its tensor alive: the compiler may
// otherwise release the tensor as soon as the handle has been read.
extension Tensor {
    @inline(__always)
    package func withHandle<Result>(_ body: (ct_tensor) -> Result) -> Result {
        withExtendedLifetime(self) { body(handle) }
    }

    @inline(__always)
    func withHandles<Result>(_ other: Tensor, _ body: (ct_tensor, ct_tensor) -> Result) -> Result {
        withExtendedLifetime((self, other)) { body(handle, other.handle) }
    }

    /// The result of an operation on this tensor alone.
    @inline(__always)
    func mapped(_ operation: StaticString, _ body: (ct_tensor) -> ct_tensor?) -> Tensor {
        withHandle { taken(body($0), operation, [self]) }
    }

    /// The result of an operation on this tensor and another one.
    @inline(__always)
    func mapped(_ operation: StaticString, _ other: Tensor, _ body: (ct_tensor, ct_tensor) -> ct_tensor?) -> Tensor {
        withHandles(other) { taken(body($0, $1), operation, [self, other]) }
    }

    /// A (values, indices) pair.
    @inline(__always)
    func pair(
        _ operation: StaticString,
        _ body: (ct_tensor, UnsafeMutablePointer<ct_tensor>, UnsafeMutablePointer<ct_tensor>) -> Bool
    ) -> (values: Tensor, indices: Tensor) {
        withHandle { handle in
            var values = handle
            var indices = handle
            require(body(handle, &values, &indices), operation, [self])
            return (Tensor(owning: values), Tensor(owning: indices))
        }
    }
}

/// Takes over a handle that an operation returned, or stops.
@inline(__always)
func taken(_ handle: ct_tensor?, _ operation: StaticString, _ operands: @autoclosure () -> [Tensor?]) -> Tensor {
    guard let handle else { stopWithLastError("\(operation)", operands: operands()) }
    return Tensor(owning: handle)
}

/// Stops unless an operation succeeded.
@inline(__always)
func require(_ succeeded: Bool, _ operation: StaticString, _ operands: @autoclosure () -> [Tensor?]) {
    if !succeeded { stopWithLastError("\(operation)", operands: operands()) }
}

/// Passes dimensions to C; the pointer is valid during `body` alone.
@inline(__always)
func withDimensions<Result>(_ values: [Int], _ body: (UnsafePointer<Int64>, Int32) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, values.count)) { buffer in
        guard let base = buffer.baseAddress else { stop("no memory for \(values.count) dimensions", operands: []) }
        for (index, value) in values.enumerated() { base[index] = Int64(value) }
        return body(UnsafePointer(base), Int32(values.count))
    }
}

/// Passes the handles of several tensors to C, which are kept alive during `body`.
@inline(__always)
package func withHandleList<Result>(_ tensors: [Tensor], _ body: (UnsafePointer<ct_tensor>, Int32) -> Result) -> Result
{
    withExtendedLifetime(tensors) {
        withUnsafeTemporaryAllocation(of: ct_tensor.self, capacity: max(1, tensors.count)) { buffer in
            guard let base = buffer.baseAddress else { stop("no memory for \(tensors.count) handles", operands: []) }
            for (index, tensor) in tensors.enumerated() { base[index] = tensor.handle }
            return body(UnsafePointer(base), Int32(tensors.count))
        }
    }
}
