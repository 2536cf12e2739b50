import Torch

/// Layers that are called one after another: those that know their own backward pass go together, where one of them is
/// linear.
final class LayerParts {
    private enum Part {
        case layer(any Layer<Tensor, Tensor>)
        case run(LayerRun, [any Layer<Tensor, Tensor>])
    }

    private let parts: [Part]

    /// The layers that go together, each time with how they are called.
    var runs: [(run: LayerRun, layers: [any Layer<Tensor, Tensor>])] {
        parts.compactMap { if case .run(let run, let layers) = $0 { (run, layers) } else { nil } }
    }

    init(_ layers: [any Layer<Tensor, Tensor>]) {
        var parts: [Part] = []
        var rest = layers[...]
        while let first = rest.first {
            let together = rest.prefix { ($0 as? any ChainLayer)?.link != nil }
            let links = together.compactMap { $0 as? any ChainLayer }
            if links.contains(where: { $0 is Linear }) {
                parts.append(.run(LayerRun(links), Array(together)))
                rest = rest.dropFirst(together.count)
            } else {
                parts.append(.layer(first))
                rest = rest.dropFirst()
            }
        }
        self.parts = parts
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        parts.reduce(input) { value, part in
            switch part {
            case .layer(let layer): layer(value)
            case .run(let run, let layers): run(value) ?? layers.reduce(value) { $1($0) }
            }
        }
    }
}
