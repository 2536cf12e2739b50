public import Torch

/// A vector for each of a number of symbols (PyTorch's `Embedding`).
///
/// Input: numbers below `count` of any shape; output: that shape with one dimension more.
public final class Embedding: Module, Layer {
    /// Shape (count, dimension).
    @Parameter public var weight: Tensor
    /// A symbol whose vector starts as zero and is not trained, or nil.
    public let paddingIndex: Int?

    /// A table with normal start values.
    ///
    /// - Parameters:
    ///   - count: the number of symbols.
    ///   - dimension: the length of a vector.
    ///   - paddingIndex: a symbol whose vector starts as zero and is not trained.
    ///   - generator: draws the start values; the process-wide one if nil.
    public init(_ count: Int, _ dimension: Int, paddingIndex: Int? = nil, generator: Generator? = nil) {
        if let paddingIndex, !(0..<count).contains(paddingIndex) {
            stop("Embedding: the padding index \(paddingIndex) is not among \(count) symbols", operands: [])
        }
        weight = .empty([count, dimension])
        self.paddingIndex = paddingIndex
        super.init()
        Initialization.normal(weight, generator: generator)
        if let paddingIndex { withoutGradients { _ = weight[paddingIndex].zero() } }
    }

    public override var signature: String { "Embedding(\(weight.size(0)), \(weight.size(1)))" }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.embedding(input, weight: weight, paddingIndex: paddingIndex)
    }
}
