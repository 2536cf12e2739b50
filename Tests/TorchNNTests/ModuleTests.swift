import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN

@Suite("modules")
struct ModuleTests {
    @Test("names are PyTorch's, in order of declaration")
    func names() {
        let model = Composite()
        let parameters = [
            "class_token", "blocks.0.conv1.weight", "blocks.0.bn1.weight", "blocks.0.bn1.bias", "blocks.1.conv1.weight",
            "blocks.1.bn1.weight", "blocks.1.bn1.bias", "blocks.1.downsample.0.weight", "head.weight", "head.bias",
        ]
        #expect(model.parameters.map(\.name) == parameters)
        let statistics = ["bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked"]
        let buffers = ["position_ids"] + statistics.map { "blocks.0.\($0)" } + statistics.map { "blocks.1.\($0)" }
        #expect(model.buffers.map(\.name) == buffers)
        #expect(Set(model.stateDictionary().keys) == Set(parameters + buffers))
        let first = ["class_token", "position_ids", "blocks.0.conv1.weight"]
        #expect(Array(model.stateDictionary().keys.prefix(3)) == first)
        let modules = [
            "", "blocks.0", "blocks.0.conv1", "blocks.0.bn1", "blocks.1", "blocks.1.conv1", "blocks.1.bn1",
            "blocks.1.downsample", "blocks.1.downsample.0", "head",
        ]
        #expect(model.namedModules.map(\.name) == modules)
        #expect(model.parameterCount == 2 + 2 * (4 + 2 + 2) + 4 + 9)
    }

    @Test("a subclass adds its own tensors after those it inherits, and may choose other names")
    func inheritance() {
        let model = ExtendedComposite()
        #expect(model.parameters.map(\.name).prefix(2) == ["class_token", "gamma"])
        #expect(model.parameters.map(\.name).suffix(2) == ["classifier.weight", "classifier.bias"])
        #expect(model.stateDictionary()["gamma"] === model.extraScale)
    }

    @Test("parameters require gradients, buffers do not, and one that was left out is none")
    func declarations() {
        let model = Composite()
        #expect(model.parameters.allSatisfy { $0.tensor.requiresGrad && $0.tensor.isLeaf })
        #expect(model.buffers.allSatisfy { !$0.tensor.requiresGrad })
        model.missingBias = .zeros([2])
        #expect(model.parameters.map(\.name).prefix(2) == ["class_token", "missing_bias"])
        #expect(model.missingBias?.requiresGrad == true)
    }

    @Test("a shared parameter or module counts once among the parameters, and stands under each name in the state")
    func sharing() throws {
        let tied = Tied()
        #expect(tied.parameters.map(\.name) == ["encoder.weight"])
        #expect(Array(tied.stateDictionary().keys) == ["encoder.weight", "decoder.weight"])
        let shared = Shared()
        #expect(shared.parameters.map(\.name) == ["first.weight", "first.bias"])
        #expect(shared.namedModules.map(\.name) == ["", "first"])
        #expect(
            Array(shared.stateDictionary().keys) == ["first.weight", "first.bias", "second.weight", "second.bias"])
        let input = Tensor.ones([1, 3])
        try (tied.encoder(input).sum() + tied.decoder(input).sum()).backward()
        #expect(tied.encoder.weight.grad?.array(of: Float.self) == Array(repeating: 2, count: 9))
    }

    @Test("training and evaluation reach every part")
    func modes() {
        let model = Composite()
        #expect(model.namedModules.allSatisfy { $0.module.isTraining })
        #expect(model.eval() === model)
        #expect(model.namedModules.allSatisfy { !$0.module.isTraining })
        model.blocks[1].train()
        #expect(model.blocks[1].bn1.isTraining && !model.blocks[0].bn1.isTraining && !model.isTraining)
        model.train(false)
        #expect(model.namedModules.allSatisfy { !$0.module.isTraining })
        model.train()
        #expect(model.namedModules.allSatisfy { $0.module.isTraining })
    }

    @Test("a model prints its parts with their names")
    func description() {
        let text = """
            Composite(
              (blocks.0): Block(
                (conv1): Conv2d(2, 2, kernelSize: 1, bias: false)
                (bn1): BatchNorm2d(2)
              )
              (blocks.1): Block(
                (conv1): Conv2d(2, 2, kernelSize: 1, bias: false)
                (bn1): BatchNorm2d(2)
                (downsample): Sequential(
                  (0): Conv2d(2, 2, kernelSize: 1, bias: false)
                )
              )
              (head): Linear(2, 3)
            )
            """
        #expect("\(Composite())" == text)
        #expect("\(Linear(1, 2, generator: Generator(seed: 0)))" == "Linear(1, 2)")
    }

    @Test("a sequence is built from statements", arguments: [0, 1, 3], [true, false])
    func sequences(_ depth: Int, _ normalizes: Bool) {
        let generator = Generator(seed: 0)
        let given: [any Layer<Tensor, Tensor>] = [Tanh(), Sigmoid()]
        let network = Sequential {
            Flatten()
            for _ in 0..<depth {
                Linear(4, 4, generator: generator)
                ReLU()
            }
            if normalizes { LayerNorm(4) }
            if normalizes { Dropout(0) } else { GELU() }
            given
            Linear(4, 2, generator: generator)
        }
        let kinds = network.layers.map { "\(type(of: $0))" }
        let middle = normalizes ? ["LayerNorm", "Dropout"] : ["GELU"]
        #expect(
            kinds == ["Flatten"] + Array(repeating: ["Linear", "ReLU"], count: depth).flatMap { $0 } + middle
                + ["Tanh", "Sigmoid", "Linear"])
        #expect(network(.ones([3, 2, 2])).shape == [3, 2])
        #expect(network[0] is Flatten)
        #expect(network.parameters.last?.name == "\(kinds.count - 1).bias")
    }

    @Test("gradients of all parameters are cleared")
    func zeroGrad() throws {
        let network = Sequential { Linear(2, 2, generator: Generator(seed: 0)) }
        try network([[1.0, 2]]).sum().backward()
        #expect(network.parameters.allSatisfy { $0.tensor.grad != nil })
        network.zeroGrad()
        #expect(network.parameters.allSatisfy { $0.tensor.grad == nil })
    }

    @Test("a conversion keeps the tensors that others refer to, and converts gradients too")
    func conversion() throws {
        let model = Composite(seed: 1)
        let weight = model.head.weight
        try model.head([[1.0, 2]]).sum().backward()
        let before = weight.detach().clone()
        model.to(.float64)
        #expect(model.head.weight === weight && weight.dtype == .float64 && weight.isLeaf && weight.requiresGrad)
        #expect(weight.detach().difference(from: before.to(.float64)) == nil)
        #expect(weight.grad?.difference(from: Tensor([[1, 2], [1, 2], [1, 2]], dtype: .float64)) == nil)
        #expect(model.positionIDs.dtype == .int64)
        #expect(model.blocks[0].bn1.runningMean?.dtype == .float64)
        #expect(model.blocks[0].bn1.numBatchesTracked?.dtype == .int64)
        try model.head(Tensor([[1.0, 2]], dtype: .float64)).sum().backward()
        #expect(weight.grad?.difference(from: Tensor([[2, 4], [2, 4], [2, 4]], dtype: .float64)) == nil)
        model.to(.float32).to(.cpu)
        #expect(weight.detach().isEqual(to: before))
    }
}
