import Torch
import TorchNN

final class Block: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let downsample: Sequential?

    init(_ generator: Generator, downsample: Bool) {
        conv1 = Conv2d(2, 2, kernelSize: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(2)
        self.downsample =
            downsample ? Sequential { Conv2d(2, 2, kernelSize: 1, bias: false, generator: generator) } : nil
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor { bn1(conv1(input)) + (downsample?(input) ?? input) }
}

/// Has every form of declaration.
class Composite: Module {
    @Parameter var classToken: Tensor
    @Parameter var missingBias: Tensor?
    @Buffer var positionIDs: Tensor
    let blocks: [Block]
    let head: Linear
    let maybe: Linear?
    let count = 3
    let names = ["a", "b"]

    init(seed: UInt64 = 0) {
        let generator = Generator(seed: seed)
        classToken = .zeros([1, 2])
        missingBias = nil
        positionIDs = .arange(4)
        blocks = [Block(generator, downsample: false), Block(generator, downsample: true)]
        head = Linear(2, 3, generator: generator)
        maybe = nil
        super.init()
    }
}

/// Inherits declarations and adds to them.
final class ExtendedComposite: Composite {
    @Parameter var extraScale: Tensor
    override init(seed: UInt64 = 0) {
        extraScale = .ones([1])
        super.init(seed: seed)
    }
    override class var stateNames: [String: String] { ["head": "classifier", "extraScale": "gamma"] }
}

/// Two layers with one weight.
final class Tied: Module {
    let encoder: Linear
    let decoder: Linear
    override init() {
        let generator = Generator(seed: 0)
        encoder = Linear(3, 3, bias: false, generator: generator)
        decoder = Linear(3, 3, bias: false, generator: generator)
        super.init()
        decoder.weight = encoder.weight
    }
}

/// One layer under two names.
final class Shared: Module {
    let first: Linear
    let second: Linear
    override init() {
        first = Linear(2, 2, generator: Generator(seed: 0))
        second = first
        super.init()
    }
}

/// Layers in layers, for the path in messages.
final class Nested: Module, Layer {
    let layers: Sequential
    override init() {
        let generator = Generator(seed: 0)
        layers = Sequential {
            Linear(4, 8, generator: generator)
            ReLU()
            Linear(9, 2, generator: generator)
        }
        super.init()
    }
    func forward(_ input: Tensor) -> Tensor { layers(input) }
}
