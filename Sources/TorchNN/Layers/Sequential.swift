public import Torch

/// Layers one after another, named by their number as in PyTorch.
///
/// ```swift
/// let network = Sequential {
///     Flatten()
///     Linear(28 * 28, 512); ReLU()
///     for _ in 0..<depth { Linear(512, 512); ReLU() }
///     Linear(512, 10)
/// }
/// ```
public final class Sequential: Module, Layer {
    /// The layers in order.
    public let layers: [any Layer<Tensor, Tensor>]
    let parts: LayerParts

    /// Layers that are there already.
    public init(_ layers: [any Layer<Tensor, Tensor>]) {
        self.layers = layers
        parts = LayerParts(layers)
        super.init()
    }

    /// Layers written one after another; `if` and `for` may be used.
    public convenience init(@SequentialBuilder _ layers: () -> [any Layer<Tensor, Tensor>]) {
        self.init(layers())
    }

    public override var members: [ModuleMember] {
        layers.enumerated().map { ModuleMember("\($0.offset)", .module($0.element)) }
    }

    /// The last layer's output.
    public func forward(_ input: Tensor) -> Tensor {
        parts(input)
    }

    /// One of the layers.
    public subscript(_ index: Int) -> any Layer<Tensor, Tensor> { layers[index] }
}

/// Collects the layers of a ``Sequential``.
@resultBuilder
public enum SequentialBuilder {
    /// One layer.
    public static func buildExpression(_ layer: any Layer<Tensor, Tensor>) -> [any Layer<Tensor, Tensor>] { [layer] }
    /// Several layers.
    public static func buildExpression(_ layers: [any Layer<Tensor, Tensor>]) -> [any Layer<Tensor, Tensor>] { layers }
    /// Statements one after another.
    public static func buildBlock(_ parts: [any Layer<Tensor, Tensor>]...) -> [any Layer<Tensor, Tensor>] {
        parts.flatMap { $0 }
    }
    /// `if` without `else`.
    public static func buildOptional(_ part: [any Layer<Tensor, Tensor>]?) -> [any Layer<Tensor, Tensor>] { part ?? [] }
    /// The first branch.
    public static func buildEither(first part: [any Layer<Tensor, Tensor>]) -> [any Layer<Tensor, Tensor>] { part }
    /// The other branch.
    public static func buildEither(second part: [any Layer<Tensor, Tensor>]) -> [any Layer<Tensor, Tensor>] { part }
    /// `for`.
    public static func buildArray(_ parts: [[any Layer<Tensor, Tensor>]]) -> [any Layer<Tensor, Tensor>] {
        parts.flatMap { $0 }
    }
}
