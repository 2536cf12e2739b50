import CTorch

extension Tensor {
    /// A part of the tensor: a view for numbers, ranges and new dimensions, a copy for tensors of indices and masks.
    ///
    /// Assigning copies the elements of the new value, broadcast, into that part.
    public subscript(_ indices: any TensorIndexing...) -> Tensor {
        get {
            let (view, advanced) = resolve(indices.map(\.tensorIndex))
            return advanced.contains { $0 != nil } ? view.gathered(by: advanced) : view
        }
        set {
            let (view, advanced) = resolve(indices.map(\.tensorIndex))
            if advanced.contains(where: { $0 != nil }) {
                view.put(newValue, at: advanced)
            } else {
                view.copy(from: newValue)
            }
        }
    }

    /// One index along the first dimension: a view without that dimension.
    public subscript(_ index: Int) -> Tensor {
        get { select(dim: 0, index) }
        set { select(dim: 0, index).copy(from: newValue) }
    }

    /// The tensor at one index of a dimension, which goes away.
    public func select(dim: Int, _ index: Int) -> Tensor {
        mapped("select") { ct_select($0, Int64(dim), Int64(index)) }
    }
    /// `length` indices of a dimension from `start` on, as a view.
    public func narrow(dim: Int, start: Int, length: Int) -> Tensor {
        mapped("narrow") { ct_narrow($0, Int64(dim), Int64(start), Int64(length)) }
    }
    /// Chosen indices of a dimension, copied.
    public func indexSelect(dim: Int, _ indices: Tensor) -> Tensor {
        mapped("indexSelect", indices) { ct_index_select($0, Int64(dim), $1) }
    }
    /// Some of the first dimension's entries, copied, in the given order.
    ///
    /// An index that there is not stops the program. For a batch of a few short rows it is several times faster than
    /// ``indexSelect(dim:_:)``, which needs a tensor of indices.
    ///
    /// - Parameter indices: from 0 up to the size of the first dimension, repeated or not.
    public func rows(_ indices: some Collection<Int>) -> Tensor {
        let chosen = indices.withContiguousStorageIfAvailable { rows($0) }
        return chosen ?? Array(indices).withUnsafeBufferPointer { rows($0) }
    }

    private func rows(_ indices: UnsafeBufferPointer<Int>) -> Tensor {
        indices.withMemoryRebound(to: Int64.self) { numbers in
            mapped("rows") { ct_rows($0, numbers.baseAddress, Int32(numbers.count)) }
        }
    }

    /// One element for each index, taken along a dimension (PyTorch's `gather`).
    public func gather(dim: Int, _ indices: Tensor) -> Tensor {
        mapped("gather", indices) { ct_gather($0, Int64(dim), $1) }
    }
    /// The elements of `source` written to the indices along a dimension, in a copy (PyTorch's `scatter`).
    public func scatter(dim: Int, _ indices: Tensor, _ source: Tensor) -> Tensor {
        withExtendedLifetime(source) {
            mapped("scatter", indices) { ct_scatter($0, Int64(dim), $1, source.handle) }
        }
    }
    /// The elements where a mask is true, in one dimension.
    public func maskedSelect(_ mask: Tensor) -> Tensor { mapped("maskedSelect", mask) { ct_masked_select($0, $1) } }
    /// A copy with one value where a mask is true.
    public func maskedFill(_ mask: Tensor, _ value: some TensorElement) -> Tensor {
        mapped("maskedFill", mask) { ct_masked_fill($0, $1, value.tensorNumber.scalar) }
    }
    /// The indices of the elements that are not zero, one row each.
    public func nonzero() -> Tensor { mapped("nonzero") { ct_nonzero($0) } }
    /// Ones at the labels, zeros elsewhere, along a new last dimension.
    public func oneHot(classes: Int) -> Tensor { mapped("oneHot") { ct_one_hot($0, Int64(classes)) } }

    /// Applies numbers, slices and new dimensions; what is left is one entry a dimension for advanced indexing.
    private func resolve(_ indices: [TensorIndex]) -> (view: Tensor, advanced: [Tensor?]) {
        let consumed = indices.reduce(0) { $0 + $1.dimensionsConsumed }
        guard consumed <= dim else {
            stop("\(consumed) indices for a tensor of \(dim) dimensions", operands: [self])
        }
        var view = self
        var advanced: [Tensor?] = []
        var indexed = 0  // the dimensions that `advanced` speaks of: a mask stands for as many as it has
        var dimension = 0
        for index in indices {
            switch index {
            case .index(let number):
                view = view.select(dim: dimension, number)
            case .slice(from: 0, to: nil, by: 1):
                dimension += 1
            case .slice(let start, let end, let stride):
                view = view.mapped("slice") {
                    ct_slice($0, Int64(dimension), Int64(start), end.map { Int64($0) } ?? .max, Int64(stride))
                }
                dimension += 1
            case .remaining:
                dimension += self.dim - consumed
            case .inserted:
                view = view.unsqueeze(dim: dimension)
                dimension += 1
            case .tensor(let tensor):
                advanced += [Tensor?](repeating: nil, count: dimension - indexed)
                advanced.append(tensor)
                dimension += index.dimensionsConsumed
                indexed = dimension
            }
        }
        return (view, advanced)
    }

    private func gathered(by indices: [Tensor?]) -> Tensor {
        withExtendedLifetime(indices) {
            let handles = indices.map { $0?.handle }
            return mapped("index") { ct_index($0, handles, Int32(handles.count)) }
        }
    }

    private func put(_ values: Tensor, at indices: [Tensor?]) {
        withExtendedLifetime(indices) {
            let handles = indices.map { $0?.handle }
            require(
                withHandles(values) { ct_index_put_($0, handles, Int32(handles.count), $1) }, "indexPut",
                [self, values])
        }
    }
}

extension TensorIndex {
    /// The dimensions of the indexed tensor that a place uses up.
    fileprivate var dimensionsConsumed: Int {
        switch self {
        case .remaining, .inserted: 0
        case .tensor(let tensor): tensor.dtype == .bool ? tensor.dim : 1
        default: 1
        }
    }
}
