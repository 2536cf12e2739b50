public import Torch

extension BatchBuffer {
    /// A tensor over the memory, which returns to the pool when the tensor's last view is gone.
    ///
    /// A shape that needs more bytes than there are is a programming error and stops the program.
    public func tensor(shape: [Int], dtype: DType) -> Tensor {
        guard shape.reduce(1, *) * dtype.byteCount <= byteCount else {
            stop("a buffer of \(byteCount) bytes does not hold the shape \(shape) of \(dtype)", operands: [])
        }
        return Tensor(borrowing: address, shape: shape, dtype: dtype) { [self] in withExtendedLifetime(self) {} }
    }
}
