import Checkpointing
import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim
import TorchVision

@Suite("An exponential moving average of weights")
struct ExponentialMovingAverageTests {
    /// A network whose convolutions lie in memory tap by tap, with running statistics and counts of batches.
    private static func network(_ seed: UInt64) -> Sequential {
        let generator = Generator(seed: seed)
        return Sequential {
            Conv2d(2, 5, kernelSize: 3, padding: 1, bias: false, generator: generator)
            BatchNorm2d(5)
            ReLU()
            Flatten()
            Linear(5 * 16, 3, generator: generator)
        }
    }

    /// A model with an optimizer and its average.
    private final class Training {
        let network: Sequential
        let optimizer: SGD
        let average: ExponentialMovingAverage

        init(_ seed: UInt64, decay: Double = 0.9, warmsUp: Bool = true, dtype: DType = .float32) {
            network = ExponentialMovingAverageTests.network(seed).to(dtype)
            optimizer = SGD(
                ParameterGroup.sparingNormsAndBiases(network.parameters), learningRate: 0.1, momentum: 0.9,
                weightDecay: 1e-2, nesterov: true)
            average = ExponentialMovingAverage(of: network, decay: decay, warmsUp: warmsUp)
        }

        func step(_ number: Int) throws {
            let input = Tensor.randn([4, 2, 4, 4], generator: Generator(seed: UInt64(number)))
            optimizer.zeroGrad()
            try network(input.to(network.parameters[0].tensor.dtype)).square().mean().backward()
            try optimizer.step()
            try average.update()
        }

        /// The bits of all of the model's state.
        var bits: [[UInt32]] { network.stateDictionary().values.map { $0.to(.float32).bits } }

        /// The real numbers of the model's state in double.
        var values: OrderedDictionary<String, [Double]> {
            network.stateDictionary().filter { $0.value.dtype.isFloatingPoint }
                .mapValues { $0.detach().array(of: Double.self) }
        }
    }

    @Test(
        "is what a plain loop in double gives, for weights and running statistics",
        arguments: [DType.float32, .float64], [true, false])
    func plainLoop(dtype: DType, warmsUp: Bool) throws {
        let training = Training(1, decay: 0.75, warmsUp: warmsUp, dtype: dtype)
        #expect(dtype != .float32 || !training.network.parameters[0].tensor.isContiguous, "no tap-major weight")
        var expected = training.values
        for step in 0..<25 {
            try training.step(step)
            let kept = warmsUp ? min(0.75, Double(1 + step) / Double(10 + step)) : 0.75
            for (name, values) in training.values {
                expected[name] = zip(expected[name] ?? [], values).map { $0 * kept + $1 * (1 - kept) }
            }
        }
        #expect(training.average.updateCount == 25)
        let state = training.average.stateDictionary()
        let tolerance = dtype == .float32 ? 2e-6 : 1e-14
        #expect(expected.count == 7)
        for (name, values) in expected {
            let found = try #require(state["average.\(name)"]).detach().array(of: Double.self)
            #expect(found.count == values.count)
            for (one, other) in zip(found, values) {
                #expect(abs(one - other) <= tolerance * max(1, abs(other)), "\(name)")
            }
        }
    }

    @Test("the model computes with the averages inside the scope, and has its own bits again afterwards")
    func scope() async throws {
        let training = Training(2)
        for step in 0..<5 { try training.step(step) }
        let own = training.bits
        let input = Tensor.randn([3, 2, 4, 4], generator: Generator(seed: 99))
        let other = Self.network(3)
        try other.load(
            training.average.stateDictionary().reduce(into: StateDictionary()) { state, entry in
                if entry.key.hasPrefix("average.") { state[String(entry.key.dropFirst(8))] = entry.value }
            })
        func output(_ network: Sequential) -> [UInt32] {
            network.eval()
            defer { network.train() }
            return withoutGradients { network(input) }.bits
        }
        let expected = output(other)
        #expect(output(training.network) != expected)
        let inside = training.average.withAveragedWeights { (output(training.network), training.bits) }
        #expect(inside.0 == expected)
        #expect(inside.1 != own)
        #expect(training.bits == own)

        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await training.average.withAveragedWeights {
                await Task.yield()
                #expect(output(training.network) == expected)
                throw Failure()
            }
        }
        #expect(training.bits == own)
        // Training goes on as if nothing had been.
        let straight = Training(2)
        for step in 0..<8 { try straight.step(step) }
        for step in 5..<8 { try training.step(step) }
        #expect(training.bits == straight.bits)
        #expect(Self.bits(training.average.stateDictionary()) == Self.bits(straight.average.stateDictionary()))
    }

    private static func bits(_ state: StateDictionary) -> [[UInt32]] { state.values.map { $0.to(.float32).bits } }

    @Test("a state that was saved and loaded goes on bit for bit", arguments: [1, 4, 9])
    func resume(saved: Int) throws {
        let folder = try TemporaryFolder()
        let straight = Training(4)
        for step in 0..<12 {
            if step == saved {
                let parts: [(String, any Stateful)] = [
                    ("network", straight.network), ("optimizer", straight.optimizer), ("average", straight.average),
                ]
                for (name, part) in parts { try Safetensors.save(part.stateDictionary(), to: folder.path(name)) }
            }
            try straight.step(step)
        }
        let resumed = Training(5)
        for step in 0..<3 { try resumed.step(step) }
        try resumed.network.load(Safetensors.load(from: folder.path("network")).tensors)
        try resumed.optimizer.load(Safetensors.load(from: folder.path("optimizer")).tensors)
        try resumed.average.load(Safetensors.load(from: folder.path("average")).tensors)
        for step in saved..<12 { try resumed.step(step) }
        #expect(resumed.bits == straight.bits)
        #expect(Self.bits(resumed.average.stateDictionary()) == Self.bits(straight.average.stateDictionary()))
        #expect(resumed.average.updateCount == 12)
    }

    @Test("a state that does not fit is refused, and nothing has changed then")
    func refusal() throws {
        let training = Training(6)
        try training.step(0)
        let before = Self.bits(training.average.stateDictionary())
        var state = training.average.stateDictionary().mapValues { $0.detach() + 1 }
        state["updates"] = Tensor(-1)
        #expect(throws: TorchError.self) { try training.average.load(state) }
        state["updates"] = Tensor(1)
        state["average.0.weight"] = nil
        #expect(throws: StateDictionaryError.self) { try training.average.load(state) }
        #expect(Self.bits(training.average.stateDictionary()) == before)
    }

    @Test("norms and biases do not decay, and empty groups are left out")
    func groups() {
        let network = Self.network(7)
        let optimizer = SGD(
            ParameterGroup.sparingNormsAndBiases(network.parameters), learningRate: 0.1, weightDecay: 0.5)
        #expect(
            optimizer.groups.map { $0.parameters.map(\.name) } == [
                ["0.weight", "4.weight"], ["1.weight", "1.bias", "4.bias"],
            ])
        #expect(optimizer.groups.map(\.settings.weightDecay) == [0.5, 0])
        let weights = network.parameters.filter { $0.name == "4.weight" }
        #expect(SGD(ParameterGroup.sparingNormsAndBiases(weights), learningRate: 0.1).groups.count == 1)
    }

    @Test(
        "ResNet-18 for small images has torchvision's names, its own average, and the standard one's shapes but for the stem"
    )
    func smallStem() throws {
        let network = ResNet.resnet18(numClasses: 10, stem: .small, generator: Generator(seed: 1))
        let standard = ResNet.resnet18(numClasses: 10, generator: Generator(seed: 1))
        let (small, large) = (network.stateDictionary(), standard.stateDictionary())
        #expect(Array(small.keys) == Array(large.keys))
        for (name, tensor) in small where name != "conv1.weight" {
            #expect(tensor.shape == large[name]?.shape, "\(name)")
        }
        #expect(small["conv1.weight"]?.shape == [64, 3, 3, 3])
        let pooled = ResNet.resnet18(numClasses: 10, stem: .pooled).stateDictionary()
        #expect(pooled.mapValues(\.shape) == small.mapValues(\.shape))
        let narrow = ResNet.resnet18(numClasses: 10, stem: .small, width: 8, generator: Generator(seed: 1))
        #expect(narrow.stateDictionary()["fc.weight"]?.shape == [10, 64])
        #expect(
            withoutGradients { narrow(Tensor.randn([2, 3, 32, 32], generator: Generator(seed: 2))) }.shape == [2, 10])
        let average = ExponentialMovingAverage(of: narrow, decay: 0.5, warmsUp: false)
        withoutGradients { for parameter in narrow.parameters { parameter.tensor.add(Tensor(Float(2)), scaledBy: 1) } }
        let before = narrow.parameters.map { $0.tensor.detach() - 1 }
        try average.update()
        average.withAveragedWeights {
            for (parameter, expected) in zip(narrow.parameters, before) {
                #expect(
                    (parameter.tensor.detach() - expected).abs().max().item(as: Double.self) < 1e-6, "\(parameter.name)"
                )
            }
        }
    }
}
