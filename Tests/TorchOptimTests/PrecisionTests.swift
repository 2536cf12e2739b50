import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim

/// Passes in a lower precision, or the steps of a scaler, as PyTorch has them.
struct PrecisionCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
        let overflows: Bool
        let before: [String]
        let after: [String]
        let scale: Float
    }

    let name: String
    let dtype: String?
    let initial: [String: String]?
    let input: String?
    let target: String?
    let output: String?
    let loss: String?
    let gradients: [String: String]?
    let steps: [Step]?

    var testDescription: String { name }
    var type: DType { dtype == "float16" ? .float16 : .bfloat16 }

    static let all = Fixture.cases(PrecisionCase.self, of: "precision.json")
    static let passes = all.filter { $0.dtype != nil }
}

@Suite("Lower precision")
struct PrecisionTests {
    private func network() -> Sequential {
        Sequential {
            Conv2d(3, 8, kernelSize: 3, padding: 1); BatchNorm2d(8); ReLU(); MaxPool2d(kernelSize: 2)
            Flatten()
            Linear(128, 5)
        }
    }

    /// How far two tensors are apart, relative to the largest element.
    private func distance(_ found: Tensor, _ expected: Tensor) -> Double {
        ((found - expected).abs().max() / expected.abs().max()).item(as: Double.self)
    }

    /// One pass forward and back; the gradients by name.
    private func pass(_ example: PrecisionCase, lowers: Bool) throws -> (output: Tensor, loss: Tensor, Sequential) {
        let tensors = try Fixture.tensors(of: "precision.safetensors")
        func named(_ key: String?) throws -> Tensor { try #require(key.flatMap { tensors[$0] }) }
        let network = network()
        var state = StateDictionary()
        for (name, key) in example.initial ?? [:] { state[name] = try named(key) }
        try network.load(state)
        let input = try named(example.input)
        let raw = lowers ? withAutocast(example.type) { network(input) } : network(input)
        #expect(raw.dtype == (lowers ? example.type : .float32))
        let output = raw.to(.float32)
        let loss = CrossEntropyLoss()(output, try named(example.target))
        try loss.backward()
        return (output, loss, network)
    }

    @Test("losses and gradients are PyTorch's within the digits that there are", arguments: PrecisionCase.passes)
    func autocast(_ example: PrecisionCase) throws {
        let tensors = try Fixture.tensors(of: "precision.safetensors")
        let expected = try #require(example.output.flatMap { tensors[$0] })
        let (output, loss, network) = try pass(example, lowers: true)
        // Sums come in another order; one unit in the last place is 2^-8 for bfloat16 and 2^-11 for float16.
        let digits = example.type == .bfloat16 ? 0x1p-8 : 0x1p-11
        #expect(distance(output, expected) <= 2 * digits)
        #expect(distance(loss, try #require(example.loss.flatMap { tensors[$0] })) <= 2 * digits)
        for parameter in network.parameters {
            let gradient = try #require(parameter.tensor.grad)
            #expect(gradient.dtype == .float32, "\(parameter.name)")
            let key = try #require(example.gradients?[parameter.name])
            #expect(distance(gradient, try #require(tensors[key])) <= 8 * digits, "\(parameter.name)")
        }
        let full = try pass(example, lowers: false)
        #expect(distance(full.output, output) > digits / 8, "nothing was computed in another precision")
        #expect(distance(full.output, output) < 8 * digits)
    }

    @Test("a scope ends with its closure, also by an error, and scopes nest")
    func scopes() {
        struct Failure: Error {}
        let (left, right) = (Tensor.ones([2, 3]), Tensor.ones([3, 2]))
        #expect(throws: Failure.self) { try withAutocast(.bfloat16) { throw Failure() } }
        #expect(left.matmul(right).dtype == .float32)
        let types = withAutocast(.bfloat16) {
            let inner = withAutocast(.float16) { left.matmul(right).dtype }
            return [inner, left.matmul(right).dtype]
        }
        #expect(types == [.float16, .bfloat16])
        #expect(left.matmul(right).dtype == .float32)
    }

    @Test("the factor, and gradients without it, are PyTorch's in each step")
    func scaler() throws {
        let tensors = try Fixture.tensors(of: "precision.safetensors")
        let steps = try #require(PrecisionCase.all.first { $0.name == "scaler" }?.steps)
        #expect(steps.count == 12)
        let parameters = [[3, 2], [4]].enumerated().map { index, shape in
            NamedParameter("p\(index)", Tensor.zeros(shape).requiringGrad())
        }
        var scaler = GradientScaler(initialScale: 1024, growthInterval: 2)
        for (number, step) in steps.enumerated() {
            for (parameter, key) in zip(parameters, step.before) { parameter.tensor.grad = tensors[key]?.clone() }
            #expect(try scaler.unscale(parameters) == !step.overflows, "step \(number)")
            for (parameter, key) in zip(parameters, step.after) {
                expectClose(try #require(parameter.tensor.grad), try #require(tensors[key]), "step \(number)")
            }
            #expect(scaler.scale == step.scale, "step \(number)")
            // A scaler that goes on from a state is the same.
            let next = GradientScaler(initialScale: 1, growthInterval: 2)
            try next.load(scaler.stateDictionary())
            scaler = next
        }
    }

    @Test("a state that no training has is refused, and nothing changes", arguments: [Float.nan, .infinity, 0, -1])
    func damagedState(scale: Float) throws {
        let scaler = GradientScaler()
        #expect(throws: TorchError.self) { try scaler.load(["scale": Tensor(scale), "_growth_tracker": Tensor(3)]) }
        #expect(throws: StateDictionaryError.self) { try scaler.load(["scale": Tensor(Float(2))]) }
        #expect(scaler.scale == 65536)
    }

    @Test("an optimizer that is suspended changes and counts nothing, and neither does its schedule")
    func suspension() throws {
        let parameter = NamedParameter("p", Tensor.ones([2]).requiringGrad())
        let optimizer = SGD([parameter], learningRate: 1)
        let scheduler = Scheduler(optimizer, StepDecay(every: 1, gamma: 0.5))
        parameter.tensor.grad = Tensor.ones([2])
        optimizer.isSuspended = true
        try optimizer.step()
        scheduler.step()
        #expect(parameter.tensor.array(of: Float.self) == [1, 1])
        #expect(optimizer.stepCount == 0 && scheduler.currentStep == 0)
        optimizer.isSuspended = false
        try optimizer.step()
        scheduler.step()
        #expect(parameter.tensor.array(of: Float.self) == [0, 0])
        #expect(optimizer.stepCount == 1 && optimizer.learningRates == [0.5])
    }
}
