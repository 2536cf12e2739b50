import CTorch

/// Runs `body` with operations in a lower precision where they gain from it (PyTorch's `torch.autocast`).
///
/// Convolutions and matrix products take and give `dtype`; sums, norms and losses stay in `float32`, as LibTorch's lists
/// have it. Parameters keep their type, so gradients and the optimizer's state do too. The backward pass belongs outside:
/// each of its operations has the type that its forward operation had.
/// ```swift
/// let scores = withAutocast(.bfloat16) { network(images) }
/// try loss(scores.to(.float32), labels).backward()
/// ```
/// The mode belongs to the thread, so the closure is synchronous. Lockstep's own kernels do not take part in it.
///
/// - Parameters:
///   - dtype: `.bfloat16` or `.float16`; with any other the program stops.
///   - body: the forward pass.
public func withAutocast<Result>(_ dtype: DType, _ body: () throws -> Result) rethrows -> Result {
    if dtype != .bfloat16, dtype != .float16 {
        stop("withAutocast(\(dtype)): the lower precisions are bfloat16 and float16", operands: [])
    }
    require(ct_autocast_begin(dtype.rawValue), "withAutocast", [])
    defer { ct_autocast_end() }
    return try body()
}
