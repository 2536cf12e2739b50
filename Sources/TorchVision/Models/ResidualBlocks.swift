import Torch
import TorchNN

/// Two 3×3 convolutions and a shortcut around them.
final class BasicBlock: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let downsample: Sequential?

    init(_ inputs: Int, _ channels: Int, stride: Int, shortcut: Sequential?, generator: Generator?) {
        conv1 = Conv2d(
            inputs, channels, kernelSize: 3, stride: Size2D(stride), padding: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(channels)
        conv2 = Conv2d(channels, channels, kernelSize: 3, padding: 1, bias: false, generator: generator)
        bn2 = BatchNorm2d(channels)
        downsample = shortcut
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        let inner = bn1(conv1(input), adding: nil, rectified: true)
        return bn2(conv2(inner), adding: downsample?(input) ?? input, rectified: true)
    }
}

/// 1×1, 3×3 and 1×1 convolutions and a shortcut around them.
final class Bottleneck: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d
    let downsample: Sequential?

    init(
        _ inputs: Int, _ channels: Int, _ outputs: Int, stride: Int, shortcut: Sequential?, generator: Generator?
    ) {
        conv1 = Conv2d(inputs, channels, kernelSize: 1, bias: false, generator: generator)
        bn1 = BatchNorm2d(channels)
        conv2 = Conv2d(
            channels, channels, kernelSize: 3, stride: Size2D(stride), padding: 1, bias: false, generator: generator)
        bn2 = BatchNorm2d(channels)
        conv3 = Conv2d(channels, outputs, kernelSize: 1, bias: false, generator: generator)
        bn3 = BatchNorm2d(outputs)
        downsample = shortcut
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        let reduced = bn1(conv1(input), adding: nil, rectified: true)
        let inner = bn2(conv2(reduced), adding: nil, rectified: true)
        return bn3(conv3(inner), adding: downsample?(input) ?? input, rectified: true)
    }
}
