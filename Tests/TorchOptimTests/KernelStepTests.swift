import LockstepTesting
import Testing
import Torch
import TorchNN
import TorchOptim

private let sets = InstructionSet.available.filter { $0 != .none }

/// What an optimizer can be set to.
private struct Setting: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable ([NamedParameter]) -> any Optimizer

    init(_ name: String, _ make: @escaping @Sendable ([NamedParameter]) -> any Optimizer) {
        testDescription = name
        self.make = make
    }

    static let all = [
        Setting("SGD") { SGD($0, learningRate: 0.1) },
        Setting("SGD, decay, maximize") { SGD($0, learningRate: 0.1, weightDecay: 0.01, maximize: true) },
        Setting("SGD, momentum") { SGD($0, learningRate: 0.1, momentum: 0.9) },
        Setting("SGD, dampening") { SGD($0, learningRate: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01) },
        Setting("SGD, Nesterov") { SGD($0, learningRate: 0.1, momentum: 0.9, nesterov: true) },
        Setting("Adam") { Adam($0, learningRate: 0.1) },
        Setting("Adam, small beta") { Adam($0, learningRate: 0.1, betas: (0.3, 0.9)) },
        Setting("Adam, decay, amsgrad") { Adam($0, learningRate: 0.1, weightDecay: 0.01, amsgrad: true) },
        Setting("Adam, maximize") { Adam($0, learningRate: 0.1, eps: 1e-4, maximize: true) },
        Setting("AdamW, amsgrad") { AdamW($0, learningRate: 0.1, amsgrad: true) },
    ]
}

@Suite("A step in one pass")
struct KernelStepTests {
    private func state(_ optimizer: any Optimizer, _ parameters: [Tensor]) -> [Tensor] {
        parameters.map { $0.detach() } + optimizer.stateDictionary().map(\.value)
    }

    /// Parameters of some sizes after steps along random gradients; now and then one has none.
    private func walk(_ setting: Setting, _ set: InstructionSet, sizes: [Int]) throws -> [Tensor] {
        let generator = Generator(seed: 6)
        let parameters = sizes.map { Tensor.randn([$0], generator: generator).requiringGrad() }
        let optimizer = setting.make(parameters.enumerated().map { NamedParameter("p\($0.offset)", $0.element) })
        for step in 0..<6 {
            for (index, parameter) in parameters.enumerated() {
                let gradient = Tensor.randn(parameter.shape, generator: generator)
                parameter.grad = (step + index) % 4 == 0 ? nil : gradient
            }
            try set.whileUsed { try optimizer.step() }
        }
        return state(optimizer, parameters)
    }

    @Test("its numbers are those of LibTorch's kernels", arguments: Setting.all, sets)
    private func matchesLibTorch(_ setting: Setting, _ set: InstructionSet) throws {
        let sizes = [1, 3, 16, 17, 100, 4096, 70_001]
        let found = try walk(setting, set, sizes: sizes)
        let expected = try walk(setting, .none, sizes: sizes)
        #expect(found.count == expected.count)
        for (one, other) in zip(found, expected) {
            // Which elements are rounded once less depends on the width of LibTorch's vectors.
            #expect(one.difference(from: other, relative: 2e-6, absolute: 1e-6) == nil)
        }
    }

    @Test("leaving out gradients that are zero changes no bit", arguments: Setting.all)
    private func skipping(_ setting: Setting) throws {
        func train(knowsSupport: Bool) throws -> [Tensor] {
            let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
            let optimizer = setting.make(layer.parameters)
            for step in 0..<6 {
                let image = step == 4 ? 2 : 1
                let input = Tensor.randn([4, 16, image, image], generator: Generator(seed: UInt64(step)))
                optimizer.zeroGrad()
                try layer(input).square().sum().backward()
                // Of a copy nothing is known.
                if !knowsSupport { layer.weight.grad = layer.weight.grad?.clone() }
                try optimizer.step()
            }
            return state(optimizer, [layer.weight])
        }
        for (one, other) in zip(try train(knowsSupport: true), try train(knowsSupport: false)) {
            #expect(one.array(of: Float.self) == other.array(of: Float.self))
        }
    }

    @Test("a state that was loaded goes on as the one that was saved", arguments: Setting.all)
    private func resumes(_ setting: Setting) throws {
        func step(_ layer: Conv2d, _ optimizer: any Optimizer, _ number: Int) throws {
            optimizer.zeroGrad()
            let input = Tensor.randn([4, 16, 1, 1], generator: Generator(seed: UInt64(number)))
            try layer(input).square().sum().backward()
            try optimizer.step()
        }
        func make() -> (Conv2d, any Optimizer) {
            let layer = Conv2d(16, 32, kernelSize: 3, padding: 1, bias: false, generator: Generator(seed: 1))
            return (layer, setting.make(layer.parameters))
        }
        let (layer, optimizer) = make()
        for number in 0..<3 { try step(layer, optimizer, number) }
        let (other, resumed) = make()
        try other.load(layer.stateDictionary())
        try resumed.load(optimizer.stateDictionary())
        for number in 3..<6 {
            try step(layer, optimizer, number)
            try step(other, resumed, number)
        }
        for (one, two) in zip(state(optimizer, [layer.weight]), state(resumed, [other.weight])) {
            #expect(one.to(.float64).array(of: Double.self) == two.to(.float64).array(of: Double.self))
        }
    }
}
