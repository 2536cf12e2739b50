import LockstepTesting
import Testing
import Torch
import TorchNN

/// Sizes of a convolution.
private struct Sizes: Sendable, CustomTestStringConvertible {
    var batch = 5
    var inputs: Int
    var outputs: Int
    var image: Size2D
    var kernel: Size2D
    var stride: Size2D = 1
    var padding: Size2D = 0

    var testDescription: String {
        "\(batch)×\(inputs)×\(image) → \(outputs), kernel \(kernel), stride \(stride), padding \(padding)"
    }

    static let all = [
        Sizes(inputs: 3, outputs: 64, image: 16, kernel: 7, stride: 2, padding: 3),
        Sizes(batch: 16, inputs: 64, outputs: 64, image: 8, kernel: 3, padding: 1),
        Sizes(batch: 9, inputs: 64, outputs: 128, image: 8, kernel: 1, stride: 2),
        Sizes(inputs: 33, outputs: 48, image: 4, kernel: 3, stride: 2, padding: 1),
        Sizes(batch: 17, inputs: 32, outputs: 16, image: 2, kernel: 3, padding: 1),
        Sizes(batch: 4, inputs: 16, outputs: 80, image: 2, kernel: 3, stride: 2, padding: 1),
        Sizes(batch: 16, inputs: 128, outputs: 32, image: 1, kernel: 3, padding: 1),
        Sizes(inputs: 7, outputs: 16, image: Size2D(height: 5, width: 6), kernel: Size2D(height: 3, width: 2)),
        Sizes(
            inputs: 5, outputs: 32, image: Size2D(height: 9, width: 3), kernel: Size2D(height: 1, width: 5),
            stride: Size2D(height: 3, width: 1), padding: Size2D(height: 0, width: 2)),
        Sizes(inputs: 20, outputs: 48, image: 3, kernel: 5, padding: 2),
        Sizes(inputs: 2, outputs: 16, image: 4, kernel: 3, stride: 3, padding: 3),
    ]
}

private let sets = InstructionSet.available.filter { $0 != .none }

@Suite("A convolution by taps")
struct TapConvolutionTests {
    private struct Results {
        let output: Tensor
        let input: Tensor?
        let weight: Tensor?
        let bias: Tensor?
    }

    private func run(
        _ sizes: Sizes, _ set: InstructionSet, _ input: Tensor, _ weight: Tensor, _ bias: Tensor, _ pull: Tensor?
    ) throws -> Results {
        try set.whileUsed {
            let (input, weight, bias) = (input.requiringGrad(), weight.requiringGrad(), bias.requiringGrad())
            let output = Functional.conv2d(
                input, weight: weight, bias: bias, stride: sizes.stride, padding: sizes.padding)
            try (output * (pull ?? Tensor.ones(like: output))).sum().backward()
            return Results(output: output.detach(), input: input.grad, weight: weight.grad, bias: bias.grad)
        }
    }

    @Test("its output and gradients are LibTorch's", arguments: Sizes.all, sets)
    private func matchesLibTorch(_ sizes: Sizes, _ set: InstructionSet) throws {
        for (dtype, tolerance) in [(DType.float32, 1e-5), (.float64, 1e-13)] {
            let generator = Generator(seed: 5)
            let input = Tensor.randn(
                [sizes.batch, sizes.inputs, sizes.image.height, sizes.image.width], dtype: dtype, generator: generator)
            let weight = Tensor.randn(
                [sizes.outputs, sizes.inputs, sizes.kernel.height, sizes.kernel.width], dtype: dtype,
                generator: generator)
            let bias = Tensor.randn([sizes.outputs], dtype: dtype, generator: generator)
            let plain = try run(sizes, .none, input.clone(), weight.clone(), bias.clone(), nil)
            let pull = Tensor.randn(plain.output.shape, dtype: dtype, generator: generator)
            let expected = try run(sizes, .none, input.clone(), weight.clone(), bias.clone(), pull)
            let own = try run(sizes, set, input.clone(), Functional.tapMajor(weight), bias.clone(), pull)
            for (name, found, wanted) in [
                ("output", own.output, expected.output), ("input", own.input, expected.input),
                ("weight", own.weight, expected.weight), ("bias", own.bias, expected.bias),
            ] {
                let (found, wanted) = (try #require(found), try #require(wanted))
                let scale = wanted.abs().max().item(as: Double.self)
                #expect(found.shape == wanted.shape)
                #expect((found - wanted).abs().max().item(as: Double.self) <= tolerance * scale, "\(dtype), \(name)")
            }
            let isSingle = own.output.shape[2...] == [1, 1]
            #expect(!own.output.isContiguous || isSingle, "the channels are last where taps were used")
        }
    }

    @Test("each algorithm gives LibTorch's output and gradients", arguments: Sizes.all, ConvolutionAlgorithm.allCases)
    private func algorithms(_ sizes: Sizes, _ algorithm: ConvolutionAlgorithm) throws {
        let generator = Generator(seed: 6)
        let input = Tensor.randn(
            [sizes.batch, sizes.inputs, sizes.image.height, sizes.image.width], dtype: .float64, generator: generator)
        let weight = Tensor.randn(
            [sizes.outputs, sizes.inputs, sizes.kernel.height, sizes.kernel.width], dtype: .float64,
            generator: generator)
        let bias = Tensor.randn([sizes.outputs], dtype: .float64, generator: generator)
        let expected = try run(sizes, .none, input.clone(), weight.clone(), bias.clone(), nil)
        let found = try algorithm.whileUsed {
            try run(sizes, .current, input.clone(), Functional.tapMajor(weight), bias.clone(), nil)
        }
        #expect(found.output.difference(from: expected.output, relative: 1e-10, absolute: 1e-10) == nil)
        for (one, other) in [(found.input, expected.input), (found.weight, expected.weight)] {
            let difference = try #require(one).difference(from: #require(other), relative: 1e-10, absolute: 1e-10)
            #expect(difference == nil)
        }
    }

    @Test("channels that do not fit are refused as LibTorch refuses them")
    func channelsThatDoNotFit() async {
        await #expect(processExitsWith: .failure) {
            let layer = Conv2d(16, 32, kernelSize: 1)
            _ = layer(Tensor.zeros([4, 8, 2, 2]))
        }
    }

    @Test("its second derivatives are LibTorch's")
    func secondDerivatives() throws {
        let generator = Generator(seed: 8)
        let input = Tensor.randn([4, 8, 3, 3], dtype: .float64, generator: generator)
        let weight = Tensor.randn([16, 8, 3, 3], dtype: .float64, generator: generator)
        func second(_ weight: Tensor) throws -> [Tensor] {
            let inputs = [input.clone().requiringGrad(), weight.requiringGrad()]
            let cubes = Functional.conv2d(inputs[0], weight: inputs[1], padding: 1)
            let first = gradients(of: [(cubes * cubes * cubes).sum()], withRespectTo: inputs, createGraph: true)
            let sum = try first.reduce(Tensor(0.0, dtype: .float64)) { try $0 + #require($1).square().sum() }
            return try gradients(of: [sum], withRespectTo: inputs).map { try #require($0) }
        }
        for (found, expected) in zip(try second(Functional.tapMajor(weight)), try second(weight.clone())) {
            #expect(found.difference(from: expected, relative: 1e-9, absolute: 1e-7) == nil)
        }
    }

    @Test("a layer keeps PyTorch's start values and saved order whatever the order in memory")
    func layout() {
        let layer = Conv2d(4, 16, kernelSize: 3, bias: false, generator: Generator(seed: 2))
        let drawn = Tensor.empty([16, 4, 3, 3])
        Initialization.kaimingUniform(
            drawn, nonlinearity: .leakyReLU(slope: 5.0.squareRoot()), generator: Generator(seed: 2))
        #expect(!layer.weight.isContiguous && drawn.isContiguous)
        #expect(layer.weight.detach().array(of: Float.self) == drawn.array(of: Float.self))
        let other = Conv2d(4, 16, kernelSize: 3, bias: false)
        withoutGradients { other.weight.copy(from: drawn) }
        #expect(other.weight.detach().array(of: Float.self) == drawn.array(of: Float.self))
    }
}

@Suite("The gradient's support")
struct GradientSupportTests {
    private func backward(_ layer: Conv2d, image: Int) throws {
        let input = Tensor.randn([4, 16, image, image], generator: Generator(seed: 3))
        try layer(input).square().sum().backward()
    }

    private let whole = 9 * 16 * 32
    private let tap = 16 * 32

    @Test("it is the taps that meet the image, and grows with other images", .enabled(if: !sets.isEmpty))
    func grows() throws {
        let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
        #expect(layer.weight.gradientSupport == nil)
        try backward(layer, image: 1)
        #expect(layer.weight.gradientSupport == [4 * tap..<5 * tap])
        let gradient = try #require(layer.weight.grad)
        #expect(gradient.eq(0).to(.int64).sum().item(as: Int.self) == whole - tap)
        layer.weight.grad = nil
        try backward(layer, image: 2)
        #expect(layer.weight.gradientSupport == [0..<whole])
        layer.weight.grad = nil
        try backward(layer, image: 1)
        let again = try #require(layer.weight.grad)
        #expect(again.eq(0).to(.int64).sum().item(as: Int.self) == whole - tap)
        #expect(layer.weight.gradientSupport == [0..<whole])
    }

    @Test("a gradient that somebody keeps or changes is not written to by the next step")
    func kept() throws {
        let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
        try backward(layer, image: 1)
        let kept = try #require(layer.weight.grad)
        let values = kept.array(of: Float.self)
        layer.weight.grad = nil
        withoutGradients { layer.weight.copy(from: layer.weight * 2) }
        try backward(layer, image: 1)
        #expect(kept.array(of: Float.self) == values)
        let second = try #require(layer.weight.grad).array(of: Float.self)
        #expect(second != values)

        try #require(layer.weight.grad).fill(7)
        layer.weight.grad = nil
        try backward(layer, image: 1)
        #expect(try #require(layer.weight.grad).array(of: Float.self) == second)
    }

    @Test("gradients of several passes add up")
    func accumulates() throws {
        let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
        try backward(layer, image: 1)
        let once = try #require(layer.weight.grad).clone()
        for count in 2...4 {
            try backward(layer, image: 1)
            #expect(
                try #require(layer.weight.grad).difference(from: once * Double(count), relative: 1e-6, absolute: 0)
                    == nil)
        }
    }

    @Test("the gradient lies in the memory that was named for it", .enabled(if: !sets.isEmpty))
    func namedMemory() throws {
        let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
        try backward(layer, image: 1)
        let expected = try #require(layer.weight.grad).array(of: Float.self)
        let memory = Tensor.full([whole], 5)
        layer.weight.setGradientMemory(memory.reshape(3, 3, 16, 32).permute(3, 2, 0, 1))
        for _ in 0..<3 {
            layer.weight.grad = nil
            try backward(layer, image: 1)
            let gradient = try #require(layer.weight.grad)
            #expect(gradient.sharesStorage(with: memory))
            #expect(gradient.array(of: Float.self) == expected)
        }
    }
}

@Suite("Batch normalisation with what follows it")
struct RectifiedBatchNormTests {
    @Test(
        "it gives the numbers of the single operations, forward and back",
        arguments: [(4, 16, 3), (16, 64, 8), (5, 48, 1), (2, 5, 4)], sets)
    func matches(_ sizes: (batch: Int, channels: Int, image: Int), _ set: InstructionSet) throws {
        for (dtype, tolerance) in [(DType.float32, 1e-5), (.float64, 1e-12)] {
            for (hasResidual, rectified) in [(false, false), (false, true), (true, false), (true, true)] {
                let generator = Generator(seed: 4)
                let shape = [sizes.batch, sizes.channels, sizes.image, sizes.image]
                func image() -> Tensor {
                    // The channels last in memory.
                    let pixels = Tensor.randn(
                        [shape[0], shape[2], shape[3], shape[1]], dtype: dtype, generator: generator)
                    return pixels.permute(0, 3, 1, 2)
                }
                let (input, residual, pull) = (image(), image(), image())
                func run(_ set: InstructionSet) throws -> [(String, Tensor)] {
                    try set.whileUsed {
                        let layer = BatchNorm2d(sizes.channels)
                        layer.to(dtype)
                        withoutGradients {
                            layer.weight?.copy(from: Tensor.linspace(0.5, 2, steps: sizes.channels))
                            layer.bias?.copy(from: Tensor.linspace(-1, 1, steps: sizes.channels))
                        }
                        let (input, residual) = (input.clone().requiringGrad(), residual.clone().requiringGrad())
                        let output = layer(input, adding: hasResidual ? residual : nil, rectified: rectified)
                        try (output * pull).sum().backward()
                        return [
                            ("output", output.detach()), ("input", input.grad), ("residual", residual.grad),
                            ("weight", layer.weight?.grad), ("bias", layer.bias?.grad), ("mean", layer.runningMean),
                            ("variance", layer.runningVar), ("batches", layer.numBatchesTracked),
                        ].compactMap { name, tensor in tensor.map { (name, $0) } }
                    }
                }
                let (found, expected) = (try run(set), try run(.none))
                #expect(found.map(\.0) == expected.map(\.0))
                for ((name, one), (_, other)) in zip(found, expected) {
                    // Sums over the batch may nearly cancel.
                    let scale = max(1, other.to(dtype).abs().max().item(as: Double.self))
                    let difference = one.difference(from: other, relative: 0, absolute: tolerance * scale)
                    #expect(difference == nil, "\(name), \(dtype), residual \(hasResidual), rectified \(rectified)")
                }
            }
        }
    }
}
