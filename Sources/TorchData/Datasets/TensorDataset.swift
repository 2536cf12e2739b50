public import Torch

/// Tensors whose first dimension runs over the samples (PyTorch's `TensorDataset`).
///
/// A batch is the tuple of the tensors' rows, gathered at once.
/// ```swift
/// let data = TensorDataset(inputs, targets)      // [100, 10] and [100, 1]
/// let (x, y) = try data.batch(at: [3, 1])        // [2, 10] and [2, 1]
/// ```
/// Tensors that disagree in the first dimension are a programming error: they stop the program with their shapes.
public struct TensorDataset<Batch>: Dataset {
    /// The tensors.
    public let tensors: [Tensor]

    /// The size of the first dimension.
    public let count: Int

    private let gather: (BatchIndices) -> Batch

    private init(_ tensors: [Tensor], gather: @escaping (BatchIndices) -> Batch) {
        let counts = tensors.map(\.shape.first)
        guard let first = counts.first, let count = first, counts.allSatisfy({ $0 == count }) else {
            stop("TensorDataset: the tensors must have the same first dimension, one row a sample", operands: tensors)
        }
        self.tensors = tensors
        self.count = count
        self.gather = gather
    }

    /// The rows of a batch, copied.
    ///
    /// - Throws: ``DataError`` with `indexOutOfRange`.
    public func batch(at samples: BatchIndices) throws -> Batch {
        try samples.check(count: count)
        return gather(samples)
    }
}

extension TensorDataset {
    /// A data set of one tensor.
    public init(_ tensor: Tensor) where Batch == Tensor {
        self.init([tensor]) { tensor[$0] }
    }

    /// A data set of two tensors: inputs and targets.
    public init(_ first: Tensor, _ second: Tensor) where Batch == (Tensor, Tensor) {
        self.init([first, second]) { (first[$0], second[$0]) }
    }

    /// A data set of three tensors.
    public init(_ first: Tensor, _ second: Tensor, _ third: Tensor) where Batch == (Tensor, Tensor, Tensor) {
        self.init([first, second, third]) { (first[$0], second[$0], third[$0]) }
    }

    /// A data set of any number of tensors, whose batch is an array.
    public init(_ tensors: [Tensor]) where Batch == [Tensor] {
        self.init(tensors) { samples in tensors.map { $0[samples] } }
    }
}
