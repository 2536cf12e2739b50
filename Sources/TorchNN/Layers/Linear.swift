public import Torch

/// `y = x · weightᵀ + bias` (PyTorch's `Linear`).
///
/// Input (…, inputs), output (…, outputs).
public final class Linear: Module, Layer {
    /// Shape (outputs, inputs).
    @Parameter public var weight: Tensor
    /// Shape (outputs), or nil.
    @Parameter public var bias: Tensor?
    private(set) var run: LayerRun?

    /// A layer with PyTorch's start values.
    ///
    /// - Parameters:
    ///   - inputs: the size of each input sample.
    ///   - outputs: the size of each output sample.
    ///   - bias: whether there is a bias.
    ///   - generator: draws the start values; the process-wide one if nil.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, generator: Generator? = nil) {
        weight = .empty([outputs, inputs])
        self.bias = bias ? .empty([outputs]) : nil
        super.init()
        Initialization.resetLinearLike(weight: weight, bias: self.bias, generator: generator)
    }

    public override var signature: String {
        let shape = weight.shape
        return "Linear(\(shape[1]), \(shape[0])\(bias == nil ? ", bias: false" : ""))"
    }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        run.orMade(of: self)(input) ?? Functional.linear(input, weight: weight, bias: bias)
    }
}

extension Linear: ChainLayer {
    var link: LayerChain.Link? { .linear(weight: weight, bias: bias) }
}
