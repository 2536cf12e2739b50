import LockstepTesting
import Testing
import Torch
import TorchNN

// What a chain cannot do by itself goes through LibTorch's engine, or through its operations, with the same numbers.
@Suite("where the direct step does not go")
struct DirectStepFallbackTests {
    static let model = ChainModel.all[0]
    let network = model.network()
    let input = DirectStepTests.input(model, rows: 4)

    /// The gradients of the network, and whether the backward pass of `loss` needed no engine.
    private func passed(_ loss: () throws -> Tensor) throws -> (bits: [[UInt32]?], wasDirect: Bool) {
        network.zeroGrad()
        try loss().backward()
        return (network.gradientBits, DirectStepTests.wasDirect)
    }

    /// Compares a loss of the network's output with the same of the layers' operations.
    private func expectSame(direct: Bool, _ loss: (Tensor) throws -> Tensor) throws {
        let expected = try passed { try loss(operationByOperation(network, input)) }
        let found = try passed { try loss(network(input)) }
        #expect(found.bits == expected.bits)
        #expect(found.wasDirect == direct, "\(LayerChain.detour ?? "no detour")")
    }

    private let classes = Tensor.randint(0..<2, [4], generator: Generator(seed: 1))

    @Test("other losses, and other uses of an output, go through the engine")
    func otherUses() throws {
        let cross = CrossEntropyLoss()
        try expectSame(direct: true) { cross($0, classes) }
        try expectSame(direct: false) { CrossEntropyLoss(labelSmoothing: 0.1)($0, classes) }
        try expectSame(direct: false) { CrossEntropyLoss(classWeights: [1, 3])($0, classes) }
        try expectSame(direct: false) { cross($0, classes) * 0.25 }
        try expectSame(direct: false) { cross($0 * 2, classes) }
        try expectSame(direct: false) { cross($0, classes) + $0.square().sum() }
        try expectSame(direct: false) { MSELoss()($0, .ones([4, 2])) + cross($0, classes) }
        try expectSame(direct: false) { $0.sum() }
        try expectSame(direct: false) { cross($0[0..<3], classes[0..<3]) }
        try expectSame(direct: false) { MSELoss()($0.reshape([8]), .ones([8])) }
        try expectSame(direct: false) { MSELoss()($0, Tensor.ones([4, 2]).requiringGrad()) }
        try expectSame(direct: false) { Functional.crossEntropy($0, classes, reduction: .sum) }
        try expectSame(direct: false) { output in
            let sum = output + 0
            sum.retainGrad()
            return cross(sum, classes)
        }
    }

    @Test("an output that is used twice has both gradients")
    func twoBackwardPasses() throws {
        func passes(_ output: Tensor) throws -> [[UInt32]?] {
            network.zeroGrad()
            try output.sum().backward(retainGraph: true)
            try CrossEntropyLoss()(output, classes).backward()
            return network.gradientBits
        }
        #expect(try passes(network(input)) == passes(operationByOperation(network, input)))
    }

    @Test("a gradient that is asked for on the way is there")
    func retained() throws {
        func gradient(_ output: Tensor) throws -> [UInt32]? {
            output.retainGrad()
            try CrossEntropyLoss()(output, classes).backward()
            return output.grad?.bits
        }
        #expect(try gradient(network(input)) == gradient(operationByOperation(network, input)))
    }

    @Test("gradients with respect to inputs, outputs and parameters are LibTorch's")
    func functionalGradients() throws {
        func found(_ call: (Tensor) -> Tensor) -> [[UInt32]?] {
            let source = input.clone().requiringGrad()
            let output = call(source)
            let value = CrossEntropyLoss()(output, classes)
            let wanted = [source, output] + network.parameters.map(\.tensor)
            return gradients(of: [value], withRespectTo: wanted).map { $0?.bits }
        }
        #expect(found { network($0) } == found { operationByOperation(network, $0) })
        // With an input that does not require gradients it is the chain itself that gives them.
        let output = network(input)
        let value = CrossEntropyLoss()(output, classes)
        let some = gradients(of: [value], withRespectTo: [network.parameters[2].tensor, output]).map { $0?.bits }
        let expectedOutput = operationByOperation(network, input)
        let expected = gradients(
            of: [CrossEntropyLoss()(expectedOutput, classes)],
            withRespectTo: [network.parameters[2].tensor, expectedOutput]
        ).map { $0?.bits }
        #expect(some == expected)
        #expect(network.gradientBits.allSatisfy { $0 == nil })
    }

    @Test("derivatives of derivatives are LibTorch's", arguments: ChainLoss.allCases)
    func secondDerivatives(loss: ChainLoss) throws {
        let network = Sequential {
            Linear(2, 5, generator: Generator(seed: 1)); Tanh(); Linear(5, 3, generator: Generator(seed: 2))
        }
        func penalty(_ call: (Tensor) -> Tensor) throws -> [Tensor] {
            network.zeroGrad()
            let parameters = network.parameters.map(\.tensor)
            let first = gradients(of: [loss(call(input))], withRespectTo: parameters, createGraph: true)
            try first.compactMap { $0?.square().sum() }.reduce(Tensor(Float(0)), +).backward()
            return parameters.compactMap(\.grad)
        }
        // The engine adds up what comes together in another order.
        let expected = try penalty { operationByOperation(network, $0) }
        let found = try penalty { network($0) }
        #expect(found.count == expected.count && found.count == 4)
        for (found, expected) in zip(found, expected) {
            #expect(found.difference(from: expected, relative: 1e-5, absolute: 1e-6) == nil)
        }
    }

    @Test("layers that are called by themselves make one pass")
    func customForward() throws {
        final class Written: Module, Layer {
            let first = Linear(2, 6, generator: Generator(seed: 1))
            let activation = ReLU()
            let second = Linear(6, 2, generator: Generator(seed: 2))
            func forward(_ input: Tensor) -> Tensor { second(activation(first(input))) }
        }
        let model = Written()
        let hidden = Functional.linear(input, weight: model.first.weight, bias: model.first.bias).relu()
        let expected = Functional.linear(hidden, weight: model.second.weight, bias: model.second.bias)
        try CrossEntropyLoss()(expected, classes).backward()
        let bits = model.gradientBits
        for _ in 0..<3 {
            model.zeroGrad()
            let output = model(input)
            #expect(output.bits == expected.bits)
            try CrossEntropyLoss()(output, classes).backward()
            #expect(DirectStepTests.wasDirect)
            #expect(model.gradientBits == bits)
        }
    }

    @Test("shared weights and layers called twice have the sum of their gradients")
    func shared() throws {
        final class Twice: Module, Layer {
            let layer = Linear(2, 2, generator: Generator(seed: 1))
            func forward(_ input: Tensor) -> Tensor { layer(layer(input)) }
        }
        let twice = Twice()
        func both(_ output: Tensor, _ module: Module) throws -> [[UInt32]?] {
            module.zeroGrad()
            try CrossEntropyLoss()(output, classes).backward()
            #expect(!DirectStepTests.wasDirect)
            return module.gradientBits
        }
        func by(_ layer: Linear, _ input: Tensor) -> Tensor {
            Functional.linear(input, weight: layer.weight, bias: layer.bias)
        }
        #expect(try both(twice(input), twice) == both(by(twice.layer, by(twice.layer, input)), twice))

        let first = Linear(2, 2, generator: Generator(seed: 1))
        let second = Linear(2, 2, generator: Generator(seed: 2))
        second.weight = first.weight
        let tied = Sequential {
            first; second
        }
        #expect(try both(tied(input), tied) == both(by(second, by(first, input)), tied))
        // Two chains with a parameter in common.
        #expect(try both(second(first(input)), tied) == both(by(second, by(first, input)), tied))
    }

    @Test("frozen parameters have no gradient, and the others their own")
    func frozen() throws {
        network.parameters[0].tensor.requiresGrad = false
        try expectSame(direct: false) { CrossEntropyLoss()($0, classes) }
        #expect(network.parameters[0].tensor.grad == nil)
        network.parameters[0].tensor.requiresGrad = true
        try expectSame(direct: true) { CrossEntropyLoss()($0, classes) }
    }

    @Test("an input that requires gradients gets them")
    func inputGradient() throws {
        func gradient(_ call: (Tensor) -> Tensor) throws -> [UInt32]? {
            let source = input.clone().requiringGrad()
            try CrossEntropyLoss()(call(source), classes).backward()
            #expect(!DirectStepTests.wasDirect)
            return source.grad?.bits
        }
        #expect(try gradient { network($0) } == gradient { operationByOperation(network, $0) })
    }

    @Test("nothing is recorded where gradients are not wanted")
    func withoutRecording() {
        let output = withoutGradients { network(input) }
        #expect(!output.requiresGrad)
        #expect(output.bits == operationByOperation(network, input).bits)
    }

    @Test("other types, layouts and numbers of dimensions go through LibTorch's operations")
    func otherInputs() throws {
        let wide = network(Tensor.randn([2, 3, 2], generator: Generator(seed: 1)))
        #expect(wide.shape == [2, 3, 2])
        #expect(network(Tensor.randn([2], generator: Generator(seed: 1))).shape == [2])
        #expect(network(Tensor.zeros([0, 2])).shape == [0, 2])
        let turned = Tensor.randn([2, 4], generator: Generator(seed: 1)).transpose(0, 1)
        #expect(network(turned).bits == operationByOperation(network, turned).bits)
        network.to(.float64)
        let double = network(input.to(.float64))
        try CrossEntropyLoss()(double, classes).backward()
        #expect(double.dtype == .float64 && !DirectStepTests.wasDirect)
    }

    @Test("a second backward pass through one graph says what it needs")
    func secondPass() throws {
        let value = CrossEntropyLoss()(network(input), classes)
        try value.backward()
        let error = #expect(throws: TorchError.self) { try value.backward() }
        #expect(error?.message.contains("backward through the graph a second time") == true)
        let output = network(input)
        let losses = [CrossEntropyLoss()(output, classes), CrossEntropyLoss()(output, classes)]
        try losses[0].backward()
        #expect(throws: TorchError.self) { try losses[1].backward() }
    }

    @Test("what a backward pass needs and was changed is an error, as in LibTorch")
    func changed() throws {
        let weight = network.parameters[2].tensor
        func fails(_ change: (Tensor, Tensor) -> Void) throws -> [Bool] {
            try [true, false].map { isDirect in
                let source = input.clone()
                let output = isDirect ? network(source) : operationByOperation(network, source)
                let target = classes.clone()
                let value = CrossEntropyLoss()(output, target)
                withoutGradients { change(source, target) }
                do {
                    try value.backward()
                    return false
                } catch let error as TorchError {
                    #expect(error.message.contains("modified by an inplace operation"))
                    return true
                }
            }
        }
        #expect(try fails { _, _ in } == [false, false])
        #expect(try fails { _, _ in weight.add(weight, scaledBy: 0) } == [true, true])
        #expect(try fails { source, _ in source.zero() } == [true, true])
        #expect(try fails { _, target in target.zero() } == [true, true])
        // The first weight is read by nothing after the forward pass.
        let first = network.parameters[0].tensor
        #expect(try fails { _, _ in first.add(first, scaledBy: 0) } == [false, false])
    }

    @Test("an output that was changed in place counts as what it is then")
    func changedOutput() throws {
        func value(_ output: Tensor) -> Tensor {
            output *= 3
            return CrossEntropyLoss()(output, classes)
        }
        try expectSame(direct: false, value)
        let ending = Sequential {
            Linear(2, 2, generator: Generator(seed: 1)); Sigmoid()
        }
        let output = ending(input)
        output *= 3
        #expect(throws: TorchError.self) { try output.sum().backward() }
    }
}
