import Checkpointing
import Foundation
import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim

/// A small net in training: what a checkpoint would hold of it.
private final class Training {
    let network: Sequential
    let optimizer: any Optimizer
    let scheduler: Scheduler
    private let data = Generator(seed: 5)

    init(_ kind: Kind, seed: UInt64) {
        let generator = Generator(seed: seed)
        network = Sequential {
            Linear(6, 8, generator: generator)
            Tanh()
            Linear(8, 3, generator: generator)
        }
        let weights = network.parameters.filter { $0.name.hasSuffix("weight") }
        let biases = network.parameters.filter { $0.name.hasSuffix("bias") }
        switch kind {
        case .plain: optimizer = SGD(network.parameters, learningRate: 0.05)
        case .nesterov:
            optimizer = SGD(
                [ParameterGroup(weights, weightDecay: 1e-2), ParameterGroup(biases, learningRate: 0.01)],
                learningRate: 0.05, momentum: 0.9, nesterov: true)
        case .amsgrad: optimizer = Adam(network.parameters, learningRate: 1e-2, weightDecay: 1e-3, amsgrad: true)
        case .decoupled:
            optimizer = AdamW([ParameterGroup(weights), ParameterGroup(biases, weightDecay: 0)], learningRate: 1e-2)
        }
        scheduler = Scheduler(optimizer, OneCycle(steps: 30))
    }

    enum Kind: CaseIterable, Sendable { case plain, nesterov, amsgrad, decoupled }

    func train(steps: Range<Int>) throws {
        for step in steps {
            let generator = Generator(seed: UInt64(step))
            let input = Tensor.randn([4, 6], generator: generator)
            optimizer.zeroGrad()
            try network(input).square().mean().backward()
            // The last bias has no gradient at first, so that its state begins later than the others'.
            if step < 3 { network.parameters[3].tensor.grad = nil }
            try optimizer.step()
            scheduler.step()
        }
    }

    var parts: [(name: String, part: any Stateful)] {
        [("network", network), ("optimizer", optimizer), ("scheduler", scheduler)]
    }
}

@Suite("The state of an optimizer")
struct OptimizerStateTests {
    @Test(
        "a training that was saved and loaded goes on bit for bit", arguments: Training.Kind.allCases, [1, 2, 9])
    fileprivate func resume(_ kind: Training.Kind, _ saved: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "optimizer-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }

        let original = Training(kind, seed: 1)
        try original.train(steps: 0..<saved)
        for (name, part) in original.parts {
            try Safetensors.save(part.stateDictionary(), to: folder.appending(path: name).path)
        }
        try original.train(steps: saved..<20)

        let resumed = Training(kind, seed: 2)
        try resumed.train(steps: 0..<4)
        for (name, part) in resumed.parts {
            try part.load(Safetensors.load(from: folder.appending(path: name).path).tensors)
        }
        try resumed.train(steps: saved..<20)
        for (first, second) in zip(original.parts, resumed.parts) {
            let (expected, found) = (first.part.stateDictionary(), second.part.stateDictionary())
            #expect(expected.keys == found.keys)
            for (name, tensor) in expected {
                let other = try #require(found[name])
                #expect(tensor.isEqual(to: other), "\(first.name): \(name)")
            }
        }
    }

    private func parameters(_ names: [String] = ["a", "b"], shape: [Int] = [3]) -> [NamedParameter] {
        names.map { NamedParameter($0, Tensor.ones(shape).requiringGrad()) }
    }

    private func stepped(_ optimizer: some Optimizer) throws -> StateDictionary {
        for parameter in optimizer.parameters { parameter.tensor.grad = .ones(like: parameter.tensor) }
        try optimizer.step()
        return optimizer.stateDictionary()
    }

    @Test("the entries have PyTorch's names after the parameter's")
    func names() throws {
        let adam = try stepped(Adam(parameters(["layers.0.weight"]), amsgrad: true))
        #expect(
            Array(adam.keys) == [
                "groups.0.parameters", "groups.0.learning_rate", "groups.0.beta1", "groups.0.beta2", "groups.0.eps",
                "groups.0.weight_decay", "groups.0.step_count", "layers.0.weight.step", "layers.0.weight.exp_avg",
                "layers.0.weight.exp_avg_sq", "layers.0.weight.max_exp_avg_sq",
            ])
        #expect(adam["groups.0.step_count"]?.item() == 1)
        #expect(adam["groups.0.learning_rate"]?.dtype == .float64)
        let sgd = try stepped(SGD(parameters(), learningRate: 0.25, momentum: 0.5))
        #expect(sgd["groups.0.learning_rate"]?.item() == 0.25)
        #expect(sgd["a.momentum_buffer"]?.array(of: Float.self) == [1, 1, 1])
    }

    @Test("all that does not fit is named at once, and nothing is changed")
    func refusal() throws {
        var state = try stepped(Adam(parameters(["a", "c"])))
        state["a.exp_avg"] = .zeros([4])
        state["a.exp_avg_sq"] = nil
        state["groups.0.beta1"] = nil
        state["x.exp_avg"] = .zeros([3])
        let optimizer = Adam(parameters(), learningRate: 0.5)
        let before = try stepped(optimizer).mapValues { $0.clone() }
        let error = try #require(throws: StateDictionaryError.self) { try optimizer.load(state) }
        #expect(Set(error.missing) == ["groups.0.beta1", "a.exp_avg_sq", "b (in group 0)"])
        #expect(
            Set(error.unexpected) == [
                "x.exp_avg", "c (in group 0)", "c.step", "c.exp_avg", "c.exp_avg_sq",
            ])
        #expect(error.mismatched.map(\.name) == ["a.exp_avg"])
        #expect(error.description.contains("the state does not fit Adam"))
        for (name, tensor) in optimizer.stateDictionary() {
            #expect(tensor.isEqual(to: try #require(before[name])), "\(name)")
        }
    }

    @Test("a state of another kind of optimizer is refused")
    func otherOptimizer() throws {
        let state = try stepped(SGD(parameters(), momentum: 0.9))
        let error = try #require(throws: StateDictionaryError.self) { try Adam(parameters()).load(state) }
        #expect(error.unexpected.contains("a.momentum_buffer"))
        #expect(error.missing.contains("groups.0.beta1"))
    }

    @Test("a parameter in another group, and a group more, are refused")
    func otherGroups() throws {
        let names = parameters()
        let state = try stepped(SGD([ParameterGroup([names[0]]), ParameterGroup([names[1]])], momentum: 0.9))
        let swapped = SGD([ParameterGroup([parameters()[1]]), ParameterGroup([parameters()[0]])], momentum: 0.9)
        let error = try #require(throws: StateDictionaryError.self) { try swapped.load(state) }
        #expect(error.missing == ["b (in group 0)", "a (in group 1)"])
        let single = SGD(parameters(), momentum: 0.9)
        let other = try #require(throws: StateDictionaryError.self) { try single.load(state) }
        #expect(other.missing == ["b (in group 0)"])
        #expect(other.unexpected.contains("groups.1.learning_rate"))
    }

    @Test("settings that make no sense, and names that are none, are errors and not the end of the program")
    func damaged() throws {
        let optimizer = SGD(parameters(), learningRate: 0.5, momentum: 0.9)
        var state = try stepped(SGD(parameters(), momentum: 0.9))
        state["groups.0.learning_rate"] = Tensor(-1.0, dtype: .float64)
        state["groups.0.step_count"] = Tensor(-5)
        let error = try #require(throws: TorchError.self) { try optimizer.load(state) }
        #expect(error.message.contains("groups.0: learningRate is -1.0"))
        #expect(error.message.contains("groups.0: step_count is -5"))
        state["groups.0.parameters"] = Tensor(copying: [UInt8(0xFF), 0xFE])
        let other = try #require(throws: TorchError.self) { try optimizer.load(state) }
        #expect(other.message.contains("groups.0.parameters"))
        #expect(optimizer.learningRates == [0.5])
        #expect(optimizer.stepCount == 0)
        #expect(optimizer.stateDictionary()["a.momentum_buffer"] == nil)
    }

    @Test("loading a state from before the first step takes a parameter's state away")
    func untouchedState() throws {
        let early = SGD(parameters(), momentum: 0.9).stateDictionary()
        let optimizer = SGD(parameters(), momentum: 0.9)
        _ = try stepped(optimizer)
        try optimizer.load(early)
        #expect(optimizer.stateDictionary().keys == early.keys)
    }
}
