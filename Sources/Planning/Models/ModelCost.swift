/// What a model costs: its layers in the order of the forward pass, and what is broadcast before each step.
public struct ModelCost: Sendable, Hashable {
    /// The model's name.
    public let name: String
    /// The layers, in the order of the forward pass.
    public let layers: [LayerCost]
    /// Bytes of each broadcast of buffers, such as running statistics, which rank 0 sends before each forward pass.
    public let bufferBroadcasts: [Int]

    /// Bytes of an element of a gradient: float32.
    public static let bytesPerElement = 4

    /// A model from its layers.
    public init(name: String, layers: [LayerCost], bufferBroadcasts: [Int] = []) {
        self.name = name
        self.layers = layers
        self.bufferBroadcasts = bufferBroadcasts.filter { $0 > 0 }
    }

    /// The number of parameters.
    public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameters.reduce(0, +) } }

    /// Bytes of all gradients.
    public var gradientBytes: Int { parameterCount * Self.bytesPerElement }

    /// Floating-point operations of a forward pass for one sample.
    public var forwardOperations: Double { layers.reduce(0) { $0 + $1.forwardOperations } }

    /// Floating-point operations of a backward pass for one sample.
    public var backwardOperations: Double { layers.reduce(0) { $0 + $1.backwardOperations } }

    /// Floating-point operations of a forward and a backward pass for one sample.
    public var operations: Double { forwardOperations + backwardOperations }
}
