import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim

@Suite("A step")
struct StepTests {
    enum Kind: CaseIterable { case sgd, adam, adamW }

    private func make(_ kind: Kind, _ parameters: [NamedParameter]) -> any Optimizer {
        switch kind {
        case .sgd: SGD(parameters, learningRate: 0.1, momentum: 0.9, weightDecay: 0.1)
        case .adam: Adam(parameters, learningRate: 0.1, weightDecay: 0.1, amsgrad: true)
        case .adamW: AdamW(parameters, learningRate: 0.1, weightDecay: 0.1)
        }
    }

    /// Parameters after some steps along gradients that depend on them.
    private func walk(_ kind: Kind, _ parameters: [Tensor], layout: (Tensor) -> Tensor = { $0 }) throws {
        let optimizer = make(kind, parameters.enumerated().map { NamedParameter("p\($0.offset)", $0.element) })
        for step in 1...4 {
            for parameter in parameters {
                parameter.grad = layout(withoutGradients { (parameter * Double(step)).sin() })
            }
            try optimizer.step()
        }
    }

    @Test("parameters and gradients may lie in memory in any order", arguments: Kind.allCases)
    func layouts(_ kind: Kind) throws {
        let generator = Generator(seed: 3)
        let values = Tensor.randn([6, 10], dtype: .float64, generator: generator)
        let plain = values.clone().requiringGrad()
        let transposed = values.transpose(0, 1).contiguous().transpose(0, 1).requiringGrad()
        let spread = Tensor.zeros([6, 20], dtype: .float64)
        let gaps = spread[0..., TensorIndex.step(by: 2)]
        gaps.copy(from: values)
        gaps.requiresGrad = true
        try walk(kind, [plain])
        try walk(kind, [transposed])
        try walk(kind, [gaps])
        #expect(!transposed.isContiguous && !gaps.isContiguous)
        expectClose(transposed, plain.detach(), "a transposed parameter")
        expectClose(gaps, plain.detach(), "a parameter with gaps")
        #expect(spread[0..., TensorIndex.step(from: 1, by: 2)].abs().max().item() == 0.0)

        let other = values.clone().requiringGrad()
        try walk(kind, [other]) { $0.transpose(0, 1).contiguous().transpose(0, 1) }
        expectClose(other, plain.detach(), "a transposed gradient")
    }

    @Test("half precision is updated like the number that it stands for", arguments: Kind.allCases)
    func halfPrecision(_ kind: Kind) throws {
        for dtype in [DType.bfloat16, .float16] {
            let values = Tensor.linspace(-2, 2, steps: 37)
            let plain = values.clone().requiringGrad()
            let half = values.to(dtype).requiringGrad()
            try walk(kind, [plain])
            try walk(kind, [half])
            #expect(half.dtype == dtype)
            #expect(half.to(.float32).isClose(to: plain, relative: 0.05, absolute: 0.1), "\(dtype)")
            #expect(!half.to(.float32).isClose(to: values, relative: 0, absolute: 0.05), "\(dtype) moves")
        }
    }

    @Test("a group may hold several types, and parameters without elements", arguments: Kind.allCases)
    func mixedTypes(_ kind: Kind) throws {
        let values = Tensor.linspace(-2, 2, steps: 21, dtype: .float64)
        let alone = [values.clone().requiringGrad(), values.to(.float32).requiringGrad()]
        for parameter in alone { try walk(kind, [parameter]) }
        let together = [
            values.clone().requiringGrad(), Tensor.zeros([0, 4]).requiringGrad(), values.to(.float32).requiringGrad(),
        ]
        try walk(kind, together)
        #expect(together[0].isEqual(to: alone[0]))
        #expect(together[2].isEqual(to: alone[1]))
        #expect(together[1].shape == [0, 4])
    }

    @Test("a parameter without a gradient stays as it is, and has no state", arguments: Kind.allCases)
    func absentGradient(_ kind: Kind) throws {
        let parameters = ["a", "b"].map { NamedParameter($0, Tensor.ones([3]).requiringGrad()) }
        let optimizer = make(kind, parameters)
        parameters[1].tensor.grad = .ones([3])
        try optimizer.step()
        #expect(parameters[0].tensor.array(of: Float.self) == [1, 1, 1])
        #expect(parameters[1].tensor.array(of: Float.self) != [1, 1, 1])
        #expect(!optimizer.stateDictionary().keys.contains { $0.hasPrefix("a.") })
        #expect(optimizer.stateDictionary().keys.contains { $0.hasPrefix("b.") })
    }

    @Test("gradients are cleared to none, or to zero, which still decays")
    func zeroGrad() throws {
        let parameters = [NamedParameter("a", Tensor.ones([2]).requiringGrad())]
        let optimizer = SGD(parameters, learningRate: 0.5, weightDecay: 0.5)
        parameters[0].tensor.grad = .ones([2])
        optimizer.zeroGrad(setToNone: false)
        #expect(parameters[0].tensor.grad?.array(of: Float.self) == [0, 0])
        try optimizer.step()
        #expect(parameters[0].tensor.array(of: Float.self) == [0.75, 0.75])
        optimizer.zeroGrad()
        #expect(parameters[0].tensor.grad == nil)
        try optimizer.step()
        #expect(parameters[0].tensor.array(of: Float.self) == [0.75, 0.75])
    }

    @Test("a model that was converted after a step is an error, not a wrong number", arguments: Kind.allCases)
    func convertedModel(_ kind: Kind) throws {
        let layer = Linear(2, 2)
        let optimizer = make(kind, layer.parameters)
        func step() throws {
            optimizer.zeroGrad()
            try layer(.ones([1, 2], dtype: layer.weight.dtype)).sum().backward()
            try optimizer.step()
        }
        try step()
        layer.to(.float64)
        let before = layer.weight.clone()
        let error = try #require(throws: TorchError.self) { try step() }
        #expect(error.message.contains("type Double on cpu has a gradient or state of shape [2, 2], type Float"))
        #expect(layer.weight.isEqual(to: before))
    }

    @Test("momentum that begins in the middle starts with the gradient")
    func lateMomentum() throws {
        let parameter = Tensor.zeros([2]).requiringGrad()
        let optimizer = SGD([NamedParameter("a", parameter)], learningRate: 1)
        parameter.grad = [1.0, 2.0]
        try optimizer.step()
        optimizer.groups[0].settings.momentum = 0.5
        try optimizer.step()
        #expect(parameter.array(of: Float.self) == [-2, -4])
        try optimizer.step()
        #expect(parameter.array(of: Float.self) == [-3.5, -7])
    }

    @Test("ten thousand steps keep no more tensors than the first ones")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            LibTorch.threadCount = 1
            let network = Sequential {
                Linear(4, 8)
                Tanh()
                Linear(8, 2)
            }
            let sgd = SGD(network.parameters, learningRate: 1e-3, momentum: 0.9)
            let adam = Adam(network.parameters, learningRate: 1e-3, amsgrad: true)
            let scheduler = Scheduler(adam, CosineAnnealing(steps: 10_000).warmup(steps: 10))
            let input = Tensor.ones([3, 4])
            var count = 0
            for step in 0..<10_000 {
                adam.zeroGrad()
                try network(input).square().mean().backward()
                try clipGradNorm(network.parameters, maxNorm: 1)
                try sgd.step()
                try adam.step()
                scheduler.step()
                if step == 10 { count = Tensor.liveCount }
            }
            #expect(count > 0)
            #expect(Tensor.liveCount == count)
        }
    }
}
