public import Torch

/// Sets elements to zero at random in training, and scales the others up (PyTorch's `Dropout`; Srivastava 2014).
public final class Dropout: Module, Layer {
    /// The probability that an element becomes zero.
    public let p: Double
    private let generator: Generator?

    /// A layer that drops with a probability.
    ///
    /// - Parameters:
    ///   - p: the probability that an element becomes zero.
    ///   - generator: draws what is dropped; the process-wide one if nil.
    public init(_ p: Double = 0.5, generator: Generator? = nil) {
        guard (0...1).contains(p) else { stop("Dropout: \(p) is no probability", operands: []) }
        self.p = p
        self.generator = generator
    }

    public override var signature: String { "Dropout(\(p))" }

    /// Computes the output; the input itself in evaluation.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.dropout(input, p: p, training: isTraining, generator: generator)
    }
}
