public import Torch

/// Makes the dimensions of a sample into one (PyTorch's `Flatten`): (N, a, b, …) → (N, a·b·…).
public final class Flatten: Module, Layer {
    /// The first dimension that takes part.
    public let start: Int
    /// The last one.
    public let end: Int

    /// From the second to the last dimension unless given.
    public init(from start: Int = 1, to end: Int = -1) {
        self.start = start
        self.end = end
    }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor { input.flatten(from: start, to: end) }
}

extension Flatten: ChainLayer {
    var link: LayerChain.Link? { start == 1 && end == -1 ? .flatten : nil }
    // It computes nothing.
    var run: LayerRun? { nil }
}
