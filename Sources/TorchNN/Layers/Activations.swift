public import Torch

/// The larger of zero and each element.
public final class ReLU: Module, Layer {
    private(set) var run: LayerRun?
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { run.orMade(of: self)(input) ?? input.relu() }
}

/// The Gaussian error linear unit (Hendrycks and Gimpel 2016).
public final class GELU: Module, Layer {
    private(set) var run: LayerRun?
    /// Whether the tanh approximation is used.
    public let tanhApproximation: Bool
    /// The exact form, or its tanh approximation.
    public init(tanhApproximation: Bool = false) { self.tanhApproximation = tanhApproximation }
    public override var signature: String { tanhApproximation ? "GELU(tanhApproximation: true)" : "GELU()" }
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        run.orMade(of: self)(input) ?? Functional.gelu(input, tanhApproximation: tanhApproximation)
    }
}

/// `1 / (1 + exp(-x))`.
public final class Sigmoid: Module, Layer {
    private(set) var run: LayerRun?
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { run.orMade(of: self)(input) ?? input.sigmoid() }
}

/// The hyperbolic tangent.
public final class Tanh: Module, Layer {
    private(set) var run: LayerRun?
    /// The layer; it has no parameters.
    public override init() {}
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { run.orMade(of: self)(input) ?? input.tanh() }
}

/// The logarithm of softmax along a dimension.
public final class LogSoftmax: Module, Layer {
    private(set) var run: LayerRun?
    /// The dimension that the classes run along.
    public let dim: Int
    /// Along a dimension; negative ones count from the last.
    public init(dim: Int) { self.dim = dim }
    public override var signature: String { "LogSoftmax(dim: \(dim))" }
    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { run.orMade(of: self)(input) ?? input.logSoftmax(dim: dim) }
}

extension ReLU: ChainLayer {
    var link: LayerChain.Link? { .relu }
}

extension GELU: ChainLayer {
    var link: LayerChain.Link? { tanhApproximation ? .geluTanh : .gelu }
}

extension Sigmoid: ChainLayer {
    var link: LayerChain.Link? { .sigmoid }
}

extension Tanh: ChainLayer {
    var link: LayerChain.Link? { .tanh }
}

extension LogSoftmax: ChainLayer {
    // A chain has two dimensions.
    var link: LayerChain.Link? { dim == 1 || dim == -1 ? .logSoftmax : nil }
}
