import CTorch

/// Layers one after another whose forward pass is one operation, and whose backward pass needs no engine where the loss
/// follows directly.
///
/// Numbers and gradients have the bits of the layers called one by one. What a chain has computed takes part in any
/// graph; a backward pass from a mean cross entropy, negative log likelihood or squared error right behind it runs
/// directly, and anything else goes through LibTorch's engine.
package final class LayerChain {
    /// A layer of a chain.
    package enum Link {
        /// (N, a, b, …) → (N, a·b·…).
        case flatten
        /// Weight (outputs, inputs), bias (outputs).
        case linear(weight: Tensor, bias: Tensor?)
        case relu, sigmoid, tanh, gelu, geluTanh
        /// Over the second of two dimensions.
        case logSoftmax
    }

    private let handle: ct_chain
    private var lastObstacle: UnsafePointer<CChar>?

    /// Links layers; nil where there are none that compute something.
    package init?(_ links: [Link]) {
        let layers = links.map { link in
            switch link {
            case .flatten: ct_layer(kind: Int32(CT_LAYER_FLATTEN), weight: nil, bias: nil)
            case .linear(let weight, let bias):
                ct_layer(kind: Int32(CT_LAYER_LINEAR), weight: weight.handle, bias: bias?.handle)
            case .relu: ct_layer(kind: Int32(CT_LAYER_RELU), weight: nil, bias: nil)
            case .sigmoid: ct_layer(kind: Int32(CT_LAYER_SIGMOID), weight: nil, bias: nil)
            case .tanh: ct_layer(kind: Int32(CT_LAYER_TANH), weight: nil, bias: nil)
            case .gelu: ct_layer(kind: Int32(CT_LAYER_GELU), weight: nil, bias: nil)
            case .geluTanh: ct_layer(kind: Int32(CT_LAYER_GELU_TANH), weight: nil, bias: nil)
            case .logSoftmax: ct_layer(kind: Int32(CT_LAYER_LOG_SOFTMAX), weight: nil, bias: nil)
            }
        }
        let made = withExtendedLifetime(links) {
            layers.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.flatMap { ct_chain_new($0, Int32(buffer.count)) }
            }
        }
        guard let made else { return nil }
        handle = made
    }

    deinit { ct_chain_release(handle) }

    /// The output of the last layer; nil where the input has to go through the layers one by one.
    package func callAsFunction(_ input: Tensor) -> Tensor? {
        var output: ct_tensor?
        require(
            input.withHandle { ct_chain_forward(handle, $0, &output, &lastObstacle) }, "layers in a chain", [input])
        return output.map(Tensor.init(owning:))
    }

    /// Why the last input had to go through the layers one by one; nil if it had not.
    package var obstacle: String? { lastObstacle.map { String(cString: $0) } }

    /// How many backward passes there were without LibTorch's engine, and through it.
    package var backwardPasses: (direct: Int, engine: Int) {
        var direct: Int64 = 0
        var engine: Int64 = 0
        ct_chain_passes(handle, &direct, &engine)
        return (Int(direct), Int(engine))
    }

    /// Why the last backward pass of this thread went through the engine; nil if it did not.
    package static var detour: String? { ct_backward_detour().map { String(cString: $0) } }
}
