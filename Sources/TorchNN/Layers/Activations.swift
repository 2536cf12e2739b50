public import Torch

/// The larger of zero and each element.
public final class ReLU: Module, Layer {
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { input.relu() }
}

/// The Gaussian error linear unit (Hendrycks and Gimpel 2016).
public final class GELU: Module, Layer {
    /// Whether the tanh approximation is used.
    public let tanhApproximation: Bool
    /// The exact form, or its tanh approximation.
    public init(tanhApproximation: Bool = false) { self.tanhApproximation = tanhApproximation }
    public override var signature: String { tanhApproximation ? "GELU(tanhApproximation: true)" : "GELU()" }
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.gelu(input, tanhApproximation: tanhApproximation)
    }
}

/// `1 / (1 + exp(-x))`.
public final class Sigmoid: Module, Layer {
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { input.sigmoid() }
}

/// The hyperbolic tangent.
public final class Tanh: Module, Layer {
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { input.tanh() }
}

/// The logarithm of softmax along a dimension.
public final class LogSoftmax: Module, Layer {
    /// The dimension that the classes run along.
    public let dim: Int
    /// Along a dimension; negative ones count from the last.
    public init(dim: Int) { self.dim = dim }
    public override var signature: String { "LogSoftmax(dim: \(dim))" }
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { input.logSoftmax(dim: dim) }
}
