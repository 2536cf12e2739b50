public import Torch
public import TorchNN

/// A residual network (He et al., "Deep Residual Learning for Image Recognition", 2015), as torchvision builds it.
///
/// Input (N, 3, height, width), output (N, classes). The names in the state are torchvision's, whatever the stem and the
/// width. Strides of bottlenecks are in their 3×3 convolution, as there.
public final class ResNet: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let maxpool: MaxPool2d?
    let layer1: Sequential
    let layer2: Sequential
    let layer3: Sequential
    let layer4: Sequential
    let avgpool = AdaptiveAvgPool2d(1)
    let fc: Linear
    private let stem: Stem

    /// The two kinds of residual block.
    public enum Block: Sendable {
        /// Two 3×3 convolutions.
        case basic
        /// 1×1, 3×3 and 1×1 convolutions, the last with four times the channels.
        case bottleneck

        var expansion: Int { self == .basic ? 1 : 4 }
    }

    /// What comes before the first residual block.
    public enum Stem: Sendable {
        /// A 7×7 convolution and a pooling, of stride 2 each, as torchvision has it.
        case standard
        /// A 3×3 convolution of stride 1, for images of 32×32 and the like, which the other one shrinks to 8×8.
        case small
        /// A 3×3 convolution of stride 1 and a 2×2 pooling, after which images of 32×32 are 16×16: a quarter of the work.
        ///
        /// The pooling comes before the normalisation, which then has a quarter of the elements too.
        case pooled
    }

    /// A network with torchvision's start values.
    ///
    /// - Parameters:
    ///   - block: the kind of block.
    ///   - blocks: how many of them in each of the four stages.
    ///   - numClasses: the number of outputs.
    ///   - stem: what comes before the blocks.
    ///   - width: the channels of the first stage; each of the others has twice as many as the one before.
    ///   - generator: draws the start values; the process-wide one if nil.
    public init(
        _ block: Block, blocks: [Int], numClasses: Int = 1000, stem: Stem = .standard, width: Int = 64,
        generator: Generator? = nil
    ) {
        guard blocks.count == 4 else { stop("ResNet has 4 stages, but \(blocks) was given", operands: []) }
        guard width >= 1 else { stop("ResNet needs a width of at least 1, but \(width) was given", operands: []) }
        switch stem {
        case .standard:
            conv1 = Conv2d(3, width, kernelSize: 7, stride: 2, padding: 3, bias: false, generator: generator)
            maxpool = MaxPool2d(kernelSize: 3, stride: 2, padding: 1)
        case .small:
            conv1 = Conv2d(3, width, kernelSize: 3, padding: 1, bias: false, generator: generator)
            maxpool = nil
        case .pooled:
            conv1 = Conv2d(3, width, kernelSize: 3, padding: 1, bias: false, generator: generator)
            maxpool = MaxPool2d(kernelSize: 2)
        }
        self.stem = stem
        bn1 = BatchNorm2d(width)
        var inputs = width
        func stage(_ channels: Int, _ count: Int, stride: Int) -> Sequential {
            let outputs = channels * block.expansion
            // torchvision draws the shortcut's start values before the block's.
            let shortcut =
                stride != 1 || inputs != outputs
                ? Sequential {
                    Conv2d(inputs, outputs, kernelSize: 1, stride: Size2D(stride), bias: false, generator: generator)
                    BatchNorm2d(outputs)
                } : nil
            var layers: [any Layer<Tensor, Tensor>] = []
            for index in 0..<count {
                layers.append(
                    block.make(
                        index == 0 ? inputs : outputs, channels, stride: index == 0 ? stride : 1,
                        shortcut: index == 0 ? shortcut : nil, generator))
            }
            inputs = outputs
            return Sequential(layers)
        }
        layer1 = stage(width, blocks[0], stride: 1)
        layer2 = stage(2 * width, blocks[1], stride: 2)
        layer3 = stage(4 * width, blocks[2], stride: 2)
        layer4 = stage(8 * width, blocks[3], stride: 2)
        fc = Linear(8 * width * block.expansion, numClasses, generator: generator)
        super.init()
        for case let convolution as Conv2d in namedModules.map(\.module) {
            Initialization.kaimingNormal(
                convolution.weight, mode: .fanOut, nonlinearity: .relu, generator: generator)
        }
    }

    /// ResNet-18: 11.7 million parameters with 1,000 classes, torchvision's stem and 64 channels in the first stage.
    public static func resnet18(
        numClasses: Int = 1000, stem: Stem = .standard, width: Int = 64, generator: Generator? = nil
    ) -> ResNet {
        ResNet(
            .basic, blocks: [2, 2, 2, 2], numClasses: numClasses, stem: stem, width: width, generator: generator)
    }

    /// ResNet-34: 21.8 million parameters with 1,000 classes.
    public static func resnet34(numClasses: Int = 1000, generator: Generator? = nil) -> ResNet {
        ResNet(.basic, blocks: [3, 4, 6, 3], numClasses: numClasses, generator: generator)
    }

    /// ResNet-50: 25.6 million parameters with 1,000 classes.
    public static func resnet50(numClasses: Int = 1000, generator: Generator? = nil) -> ResNet {
        ResNet(.bottleneck, blocks: [3, 4, 6, 3], numClasses: numClasses, generator: generator)
    }

    /// Computes the scores of the classes.
    public func forward(_ input: Tensor) -> Tensor {
        var x = conv1(input)
        if stem == .pooled, let maxpool { x = maxpool(x) }
        x = bn1(x, adding: nil, rectified: true)
        if stem != .pooled, let maxpool { x = maxpool(x) }
        x = layer4(layer3(layer2(layer1(x))))
        return fc(avgpool(x).flatten(from: 1))
    }
}

extension ResNet.Block {
    fileprivate func make(
        _ inputs: Int, _ channels: Int, stride: Int, shortcut: Sequential?, _ generator: Generator?
    ) -> any Layer<Tensor, Tensor> {
        switch self {
        case .basic: BasicBlock(inputs, channels, stride: stride, shortcut: shortcut, generator: generator)
        case .bottleneck:
            Bottleneck(
                inputs, channels, channels * expansion, stride: stride, shortcut: shortcut, generator: generator)
        }
    }
}
