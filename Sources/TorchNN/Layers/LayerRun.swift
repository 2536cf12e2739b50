import Torch

/// A layer that knows its own backward pass.
protocol ChainLayer: Module {
    /// What it is in a chain; nil where its settings are not known there.
    var link: LayerChain.Link? { get }
    /// How it is called where no other layer is called with it; nil before the first such call.
    var run: LayerRun? { get }
}

/// Layers that are called one after another, as one operation where that can be.
///
/// It belongs to a module that also keeps the layers alive.
final class LayerRun {
    private struct Element {
        unowned let layer: any ChainLayer
    }

    private struct Parameters {
        unowned let layer: Linear
        let weight: Tensor
        let bias: Tensor?

        init(_ layer: Linear) {
            self.layer = layer
            weight = layer.weight
            bias = layer.bias
        }

        var areCurrent: Bool { layer.weight === weight && layer.bias === bias }
    }

    private let elements: [Element]
    private var chain: LayerChain?
    private var parameters: [Parameters] = []

    init(_ layers: [any ChainLayer]) {
        elements = layers.map(Element.init)
    }

    /// The last layer's output; nil where the layers have to be called one by one.
    func callAsFunction(_ input: Tensor) -> Tensor? {
        guard gradientsEnabled, elements.allSatisfy({ $0.layer.callObserver == nil }) else { return nil }
        return current?(input)
    }

    /// Why the layers were called one by one the last time; nil if they were not, or never called.
    var obstacle: String? {
        if elements.contains(where: { $0.layer.callObserver != nil }) {
            return "gradients of one layer are averaged by themselves"
        }
        return chain?.obstacle
    }

    /// How many backward passes there were without LibTorch's engine, and through it.
    var backwardPasses: (direct: Int, engine: Int) { chain?.backwardPasses ?? (0, 0) }

    /// The chain with the parameters that the layers have now.
    private var current: LayerChain? {
        if let chain, parameters.allSatisfy(\.areCurrent) { return chain }
        let links = elements.compactMap(\.layer.link)
        guard links.count == elements.count else { return nil }
        parameters = elements.compactMap { ($0.layer as? Linear).map(Parameters.init) }
        chain = LayerChain(links)
        return chain
    }
}

extension LayerRun? {
    /// The run of one layer alone, made at its first call.
    mutating func orMade(of layer: any ChainLayer) -> LayerRun {
        if let self { return self }
        let made = LayerRun([layer])
        self = made
        return made
    }
}
