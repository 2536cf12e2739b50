import CTorch

extension Tensor {
    /// The sum over dimensions, over all of them if none are named.
    ///
    /// - Parameters:
    ///   - dims: the dimensions; negative ones count from the last.
    ///   - keepDim: whether they stay, with size one.
    ///   - dtype: the type to sum in; integers and booleans are summed as `int64`.
    public func sum(dims: [Int] = [], keepDim: Bool = false, dtype: DType? = nil) -> Tensor {
        withDimensions(dims) { dims, count in
            mapped("sum") { ct_sum($0, dims, count, keepDim, dtype?.rawValue ?? -1) }
        }
    }
    /// The sum over one dimension.
    public func sum(dim: Int, keepDim: Bool = false) -> Tensor { sum(dims: [dim], keepDim: keepDim) }

    /// The mean over dimensions, over all of them if none are named.
    public func mean(dims: [Int] = [], keepDim: Bool = false, dtype: DType? = nil) -> Tensor {
        withDimensions(dims) { dims, count in
            mapped("mean") { ct_mean($0, dims, count, keepDim, dtype?.rawValue ?? -1) }
        }
    }
    /// The mean over one dimension.
    public func mean(dim: Int, keepDim: Bool = false) -> Tensor { mean(dims: [dim], keepDim: keepDim) }

    /// The variance over dimensions; `correction` 1 divides by n - 1, as PyTorch does by default.
    public func variance(dims: [Int] = [], correction: Double = 1, keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in
            mapped("var") { ct_var($0, dims, count, correction, keepDim) }
        }
    }
    /// The standard deviation over dimensions; `correction` 1 divides by n - 1, as PyTorch does by default.
    public func standardDeviation(dims: [Int] = [], correction: Double = 1, keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in
            mapped("std") { ct_std($0, dims, count, correction, keepDim) }
        }
    }

    /// The largest element (PyTorch's `amax`).
    public func max(dims: [Int] = [], keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in mapped("amax") { ct_amax($0, dims, count, keepDim) } }
    }
    /// The smallest element (PyTorch's `amin`).
    public func min(dims: [Int] = [], keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in mapped("amin") { ct_amin($0, dims, count, keepDim) } }
    }
    /// The largest elements along a dimension, and where they are.
    public func max(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        pair("max") { ct_max_dim($0, Int64(dim), keepDim, $1, $2) }
    }
    /// The smallest elements along a dimension, and where they are.
    public func min(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        pair("min") { ct_min_dim($0, Int64(dim), keepDim, $1, $2) }
    }
    /// The index of the largest element along a dimension, or in the flattened tensor.
    public func argmax(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        withOptionalDimension(dim) { dim in mapped("argmax") { ct_argmax($0, dim, keepDim) } }
    }
    /// The index of the smallest element along a dimension, or in the flattened tensor.
    public func argmin(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        withOptionalDimension(dim) { dim in mapped("argmin") { ct_argmin($0, dim, keepDim) } }
    }

    /// The product of all elements.
    public func product() -> Tensor { mapped("prod") { ct_prod($0) } }
    /// The product along a dimension.
    public func product(dim: Int, keepDim: Bool = false) -> Tensor {
        mapped("prod") { ct_prod_dim($0, Int64(dim), keepDim) }
    }
    /// Whether all elements are true, as a tensor.
    public func all() -> Tensor { mapped("all") { ct_all($0) } }
    /// Whether all elements along a dimension are true.
    public func all(dim: Int, keepDim: Bool = false) -> Tensor {
        mapped("all") { ct_all_dim($0, Int64(dim), keepDim) }
    }
    /// Whether any element is true, as a tensor.
    public func any() -> Tensor { mapped("any") { ct_any($0) } }
    /// Whether any element along a dimension is true.
    public func any(dim: Int, keepDim: Bool = false) -> Tensor {
        mapped("any") { ct_any_dim($0, Int64(dim), keepDim) }
    }

    /// The vector norm of order `p` over dimensions, over all of them if none are named.
    public func norm(_ p: Double = 2, dims: [Int] = [], keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in mapped("norm") { ct_norm($0, p, dims, count, keepDim) } }
    }
    /// The logarithm of the sum of exponentials along dimensions, without overflow.
    public func logsumexp(dims: [Int], keepDim: Bool = false) -> Tensor {
        withDimensions(dims) { dims, count in mapped("logsumexp") { ct_logsumexp($0, dims, count, keepDim) } }
    }
    /// The running sum along a dimension.
    public func cumsum(dim: Int) -> Tensor { mapped("cumsum") { ct_cumsum($0, Int64(dim)) } }
    /// Exponentials divided by their sum along a dimension.
    public func softmax(dim: Int, dtype: DType? = nil) -> Tensor {
        mapped("softmax") { ct_softmax($0, Int64(dim), dtype?.rawValue ?? -1) }
    }
    /// The logarithm of `softmax`, computed stably.
    public func logSoftmax(dim: Int, dtype: DType? = nil) -> Tensor {
        mapped("logSoftmax") { ct_log_softmax($0, Int64(dim), dtype?.rawValue ?? -1) }
    }

    /// The `k` largest elements along a dimension, sorted, and where they are; the smallest if `largest` is false.
    public func topk(_ k: Int, dim: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
        pair("topk") { ct_topk($0, Int64(k), Int64(dim), largest, $1, $2) }
    }
    /// The elements sorted along a dimension, equal ones in their order, and where they were.
    public func sort(dim: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
        pair("sort") { ct_sort($0, Int64(dim), descending, $1, $2) }
    }
    /// How often each of the numbers 0, 1, … occurs in a tensor of non-negative integers.
    public func bincount(minLength: Int = 0) -> Tensor { mapped("bincount") { ct_bincount($0, Int64(minLength)) } }
}

private func withOptionalDimension<Result>(_ dim: Int?, _ body: (UnsafePointer<Int64>?) -> Result) -> Result {
    guard let dim else { return body(nil) }
    return withUnsafePointer(to: Int64(dim)) { body($0) }
}
