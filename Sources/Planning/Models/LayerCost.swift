/// What one layer of a model costs: numbers that follow from its shapes.
public struct LayerCost: Sendable, Hashable {
    /// Its name in the model, such as `layer1.0.conv1`.
    public let name: String
    /// The elements of each parameter, in the order in which the module has them.
    public let parameters: [Int]
    /// Floating-point operations of the forward pass for one sample; a multiplication and an addition are two.
    public let forwardOperations: Double
    /// Floating-point operations of the backward pass for one sample.
    public let backwardOperations: Double

    /// A layer from its numbers.
    public init(name: String, parameters: [Int], forwardOperations: Double, backwardOperations: Double) {
        self.name = name
        self.parameters = parameters
        self.forwardOperations = forwardOperations
        self.backwardOperations = backwardOperations
    }

    /// A matrix product `inputs → outputs` with bias.
    ///
    /// The backward pass has two products of the same size, for the gradients of the weight and of the input; the first
    /// layer of a model does without the second.
    static func linear(_ name: String, _ inputs: Int, _ outputs: Int, isFirst: Bool = false) -> LayerCost {
        let operations = 2 * Double(inputs) * Double(outputs)
        return LayerCost(
            name: name, parameters: [inputs * outputs, outputs], forwardOperations: operations,
            backwardOperations: operations * (isFirst ? 1 : 2))
    }

    /// A convolution without bias whose output has `area` pixels, as a matrix product.
    static func convolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, area: Int, isFirst: Bool = false
    ) -> LayerCost {
        let weights = inputs * outputs * kernel * kernel
        let operations = 2 * Double(weights) * Double(area)
        return LayerCost(
            name: name, parameters: [weights], forwardOperations: operations,
            backwardOperations: operations * (isFirst ? 1 : 2))
    }

    /// A batch normalisation: its few operations are left out.
    static func normalization(_ name: String, _ channels: Int) -> LayerCost {
        LayerCost(name: name, parameters: [channels, channels], forwardOperations: 0, backwardOperations: 0)
    }
}
