import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN

/// A model whose layers know their own backward pass, and the numbers a sample that go in.
struct ChainModel: Sendable, CustomTestStringConvertible {
    let name: String
    let inputs: [Int]
    let outputs: Int
    let layers: @Sendable (Generator) -> [any Layer<Tensor, Tensor>]

    var testDescription: String { name }

    func network() -> Sequential { Sequential(layers(Generator(seed: 5))) }

    static let all = [
        ChainModel(name: "2-30-20-2", inputs: [2], outputs: 2) {
            [
                Linear(2, 30, generator: $0), ReLU(), Linear(30, 20, generator: $0), ReLU(),
                Linear(20, 2, generator: $0),
            ]
        },
        ChainModel(name: "one layer", inputs: [10], outputs: 1) { [Linear(10, 1, generator: $0)] },
        ChainModel(name: "no biases", inputs: [7], outputs: 3) {
            [Linear(7, 33, bias: false, generator: $0), ReLU(), Linear(33, 3, bias: false, generator: $0)]
        },
        ChainModel(name: "images", inputs: [1, 28, 28], outputs: 10) {
            [Flatten(), Linear(784, 64, generator: $0), ReLU(), Linear(64, 10, generator: $0), LogSoftmax(dim: 1)]
        },
        ChainModel(name: "every activation", inputs: [8], outputs: 5) {
            [
                Linear(8, 16, generator: $0), Sigmoid(), Linear(16, 16, generator: $0), Tanh(),
                Linear(16, 9, generator: $0), GELU(), Linear(9, 9, generator: $0), GELU(tanhApproximation: true),
                Linear(9, 5, generator: $0), ReLU(), Tanh(), LogSoftmax(dim: -1),
            ]
        },
        ChainModel(name: "a layer before the first parameters", inputs: [6], outputs: 4) {
            [ReLU(), Linear(6, 4, generator: $0), Sigmoid()]
        },
        ChainModel(name: "a chain in a chain", inputs: [2, 3], outputs: 4) { generator in
            [
                Flatten(), Linear(6, 12, generator: generator),
                Sequential {
                    ReLU(); Linear(12, 8, generator: generator); Tanh()
                }, ReLU(),
                Linear(8, 4, generator: generator),
            ]
        },
    ]
}

/// The losses that a chain knows.
enum ChainLoss: String, CaseIterable, Sendable {
    case crossEntropy, nll, mse

    func callAsFunction(_ output: Tensor, seed: UInt64 = 9) -> Tensor {
        let (rows, columns) = (output.size(0), output.size(1))
        let generator = Generator(seed: seed)
        let classes = Tensor.randint(0..<columns, [rows], generator: generator)
        return switch self {
        case .crossEntropy: CrossEntropyLoss()(output, classes)
        case .nll: NLLLoss()(output, classes)
        case .mse: MSELoss()(output, .randn([rows, columns], generator: generator))
        }
    }
}

/// What a network computes, one operation of LibTorch after another.
func operationByOperation(_ network: Sequential, _ input: Tensor) -> Tensor {
    network.layers.reduce(input) { value, layer in
        switch layer {
        case let layer as Linear: Functional.linear(value, weight: layer.weight, bias: layer.bias)
        case is ReLU: value.relu()
        case is Sigmoid: value.sigmoid()
        case is Tanh: value.tanh()
        case let layer as GELU: Functional.gelu(value, tanhApproximation: layer.tanhApproximation)
        case let layer as LogSoftmax: value.logSoftmax(dim: layer.dim)
        case is Flatten: value.flatten(from: 1)
        case let inner as Sequential: operationByOperation(inner, value)
        default: layer(value)
        }
    }
}

extension Module {
    /// The bits of all gradients; nil for parameters without one.
    var gradientBits: [[UInt32]?] { parameters.map { $0.tensor.grad?.bits } }
}

@Suite("the direct step")
struct DirectStepTests {
    /// Whether the last backward pass of this thread needed no engine.
    static var wasDirect: Bool { LayerChain.detour == nil }

    static func input(_ model: ChainModel, rows: Int) -> Tensor {
        .randn([rows] + model.inputs, generator: Generator(seed: UInt64(rows)))
    }

    @Test(
        "outputs, losses and gradients have the bits of operations one by one", arguments: ChainModel.all,
        ChainLoss.allCases)
    func bits(model: ChainModel, loss: ChainLoss) throws {
        let network = model.network()
        // The sizes alternate, as the last batch of an epoch does.
        for rows in [1, 2, 3, 8, 31, 32, 33, 64, 2, 33] {
            let input = Self.input(model, rows: rows)
            let expectedOutput = operationByOperation(network, input)
            let expectedLoss = loss(expectedOutput)
            network.zeroGrad()
            try expectedLoss.backward()
            #expect(!Self.wasDirect)
            let expected = network.gradientBits

            network.zeroGrad()
            let output = network(input)
            let value = loss(output)
            #expect(output.bits == expectedOutput.bits, "output of \(rows)")
            #expect(value.bits == expectedLoss.bits, "loss of \(rows)")
            try value.backward()
            #expect(Self.wasDirect, "\(rows): \(LayerChain.detour ?? "")")
            #expect(network.gradientBits == expected, "gradients of \(rows)")

            // The same through the engine, twice from one graph.
            network.zeroGrad()
            let again = loss(network(input))
            try again.backward(retainGraph: true)
            #expect(!Self.wasDirect)
            #expect(network.gradientBits == expected, "gradients of \(rows) through the engine")
            network.zeroGrad()
            try again.backward()
            #expect(network.gradientBits == expected, "gradients of \(rows) at the second pass")
        }
    }

    @Test("targets that are ignored count as no sample", arguments: [ChainLoss.crossEntropy, .nll])
    func ignored(loss: ChainLoss) throws {
        let model = ChainModel.all[0]
        let network = model.network()
        let input = Self.input(model, rows: 20)
        let target = Tensor.arange(20) % 3 - 1
        func value(_ output: Tensor) -> Tensor {
            loss == .nll
                ? NLLLoss(ignoreIndex: -1)(output, target) : CrossEntropyLoss(ignoreIndex: -1)(output, target)
        }
        let expected = value(operationByOperation(network, input))
        try expected.backward()
        let gradients = network.gradientBits
        network.zeroGrad()
        let found = value(network(input))
        try found.backward()
        #expect(Self.wasDirect)
        #expect(found.bits == expected.bits)
        #expect(network.gradientBits == gradients)
    }

    @Test("numbers that are none, infinite or zero of either sign come out as in LibTorch")
    func specialValues() throws {
        let network = Sequential {
            Linear(4, 4, bias: false, generator: Generator(seed: 1)); ReLU()
        }
        let target = Tensor.zeros([5, 4])
        let input = Tensor.zeros([5, 4])
        for (row, value) in [Float.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude].enumerated() {
            input[row] = Tensor(value)
        }
        withoutGradients { (network.layers[0] as? Linear)?.weight.copy(from: .eye(4)) }
        for step in 0..<2 {
            let output = step == 0 ? operationByOperation(network, input) : network(input)
            network.zeroGrad()
            try MSELoss()(output, target).backward()
            #expect(Self.wasDirect == (step == 1))
            if step == 0 { continue }
            let expected = operationByOperation(network, input)
            #expect(
                zip(output.bits, expected.bits).allSatisfy {
                    Float(bitPattern: $0).isNaN ? Float(bitPattern: $1).isNaN : $0 == $1
                })
        }
    }

    @Test("gradients are added to those that are there", arguments: [true, false])
    func accumulation(setToNone: Bool) throws {
        let model = ChainModel.all[0]
        let networks = [model.network(), model.network()]
        for step in 0..<4 {
            let input = Self.input(model, rows: 3 + step)
            for (index, network) in networks.enumerated() {
                if step == 2 { zeroGradients(of: network.parameters.map(\.tensor), setToNone: setToNone) }
                let output = index == 0 ? operationByOperation(network, input) : network(input)
                try ChainLoss.crossEntropy(output).backward()
                #expect(Self.wasDirect == (index == 1))
            }
            #expect(networks[0].gradientBits == networks[1].gradientBits, "step \(step)")
        }
    }

    @Test("a gradient is written where that of the step before was")
    func identity() throws {
        let model = ChainModel.all[0]
        let network = model.network()
        var places: [[UnsafeRawPointer?]] = []
        for step in 0..<3 {
            network.zeroGrad()
            try ChainLoss.mse(network(Self.input(model, rows: 2 + step % 2))).backward()
            places.append(network.parameters.map { $0.tensor.grad?.identity })
        }
        #expect(places[0] == places[1] && places[1] == places[2])
        #expect(!places[0].contains(nil))
    }

    @Test("what a program keeps of a step stays as it is")
    func kept() throws {
        let model = ChainModel.all[0]
        let network = model.network()
        var kept: [(tensor: Tensor, bits: [UInt32])] = []
        func keep(_ tensor: Tensor?) throws {
            let tensor = try #require(tensor)
            kept.append((tensor, tensor.bits))
        }
        for step in 0..<6 {
            network.zeroGrad()
            let output = network(Self.input(model, rows: 2) * Float(step))
            let value = ChainLoss.crossEntropy(output)
            try value.backward()
            #expect(Self.wasDirect)
            try keep(output)
            try keep(output.detach())
            try keep(value)
            let gradient = network.parameters[step].tensor.grad
            // The tensor itself, a view of it, or its memory alone.
            try keep([gradient, gradient?[0], gradient?.detach()][step % 3])
        }
        for (index, entry) in kept.enumerated() { #expect(entry.tensor.bits == entry.bits, "\(index)") }
    }

    @Test("two passes at once have memory of their own")
    func twoPasses() throws {
        let model = ChainModel.all[0]
        let network = model.network()
        func losses(_ call: (Tensor) -> Tensor) -> [Tensor] {
            (0..<6).map { ChainLoss.crossEntropy(call(Self.input(model, rows: 4) * Float($0))) }
        }
        let expected = try losses { operationByOperation(network, $0) }.map { value in
            network.zeroGrad()
            try value.backward()
            return network.gradientBits
        }
        for (index, value) in losses({ network($0) }).enumerated() {
            network.zeroGrad()
            try value.backward()
            #expect(Self.wasDirect)
            #expect(network.gradientBits == expected[index])
        }
    }

    @Test("a replaced, loaded or changed parameter is the one that counts")
    func replaced() throws {
        let model = ChainModel.all[1]
        let network = model.network()
        let layer = try #require(network.layers[0] as? Linear)
        let input = Self.input(model, rows: 3)
        func check() throws {
            let expected = operationByOperation(network, input)
            let output = network(input)
            #expect(output.bits == expected.bits)
            network.zeroGrad()
            try ChainLoss.mse(output).backward()
            #expect(Self.wasDirect)
            #expect(layer.weight.grad != nil)
        }
        try check()
        layer.weight = .ones([1, 10])
        try check()
        layer.bias = nil
        try check()
        withoutGradients { layer.weight *= 3 }
        try check()
        try network.load(["0.weight": .randn([1, 10], generator: Generator(seed: 2))])
        try check()
        network.to(.float64).to(.float32)
        try check()
    }
}
