public import Torch

/// Normalises over the last dimensions of each sample (PyTorch's `LayerNorm`; Ba 2016).
public final class LayerNorm: Module, Layer {
    /// In the normalised shape, or nil without `elementwiseAffine`.
    @Parameter public var weight: Tensor?
    /// In the normalised shape, or nil.
    @Parameter public var bias: Tensor?
    /// The sizes of the dimensions that are normalised over.
    public let normalizedShape: [Int]
    /// Added to the variance.
    public let eps: Double

    /// A layer that starts with weight one and bias zero.
    public init(_ normalizedShape: [Int], eps: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true) {
        weight = elementwiseAffine ? .ones(normalizedShape) : nil
        self.bias = elementwiseAffine && bias ? .zeros(normalizedShape) : nil
        self.normalizedShape = normalizedShape
        self.eps = eps
        super.init()
    }

    /// A layer that normalises over the last dimension.
    public convenience init(_ size: Int, eps: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true) {
        self.init([size], eps: eps, elementwiseAffine: elementwiseAffine, bias: bias)
    }

    public override var signature: String { "LayerNorm(\(normalizedShape))" }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.layerNorm(input, normalizedShape: normalizedShape, weight: weight, bias: bias, eps: eps)
    }
}
