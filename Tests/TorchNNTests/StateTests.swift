import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchNN

@Suite("states of modules")
struct StateTests {
    private func copy(_ state: StateDictionary) -> StateDictionary { state.mapValues { $0.detach().clone() } }

    @Test("a state is copied into the parameters themselves")
    func loading() throws {
        let (source, target) = (Composite(seed: 1), Composite(seed: 2))
        source.blocks[0].bn1.numBatchesTracked?.fill(7)
        let weight = target.head.weight
        try target.load(source.stateDictionary())
        #expect(target.head.weight === weight && weight.requiresGrad)
        for (name, tensor) in target.stateDictionary() {
            let expected = try #require(source.stateDictionary()[name])
            #expect(tensor.detach().difference(from: expected.detach()) == nil, "\(name)")
            #expect(!tensor.sharesStorage(with: expected))
        }
    }

    @Test("a state of another type is converted to the model's")
    func convertedState() throws {
        let layer = Linear(2, 1, generator: Generator(seed: 0))
        try layer.load(["weight": Tensor([[1, 2]], dtype: .float64), "bias": Tensor([3])])
        #expect(layer.weight.dtype == .float32)
        #expect(Double(layer([1.0, 1])) == 6)
    }

    @Test("one error lists all that does not fit, and nothing has been changed")
    func errors() throws {
        let model = Composite(seed: 1)
        let before = copy(model.stateDictionary())
        var state = copy(Composite(seed: 2).stateDictionary())
        state["head.weight"] = .zeros([3, 5])
        state["position_ids"] = .zeros([5])
        state["haed.bias"] = state.removeValue(forKey: "head.bias")
        state["unknown"] = Tensor(1)
        state.removeValue(forKey: "class_token")
        let error = try #require(throws: StateDictionaryError.self) { try model.load(state) }
        #expect(error.missing == ["class_token", "head.bias"])
        #expect(Set(error.unexpected) == ["haed.bias", "unknown"])
        #expect(error.mismatched.map(\.name) == ["position_ids", "head.weight"])
        let text = error.description
        #expect(text.hasPrefix("the state does not fit Composite; nothing was loaded\n"))
        #expect(text.contains("unexpected: haed.bias (did you mean head.bias?)"))
        #expect(text.contains("shape: head.weight is [3, 5] in the state, [3, 2] here"))
        for (name, tensor) in model.stateDictionary() {
            #expect(try tensor.detach().isEqual(to: #require(before[name])), "\(name)")
        }
    }

    @Test("names of one side alone may be passed over")
    func lenient() throws {
        let model = Composite(seed: 1)
        try model.load(["head.bias": [1.0, 2, 3], "unknown": Tensor(1)], strict: false)
        #expect(model.head.bias?.detach().array(of: Int.self) == [1, 2, 3])
        #expect(throws: StateDictionaryError.self) { try model.load(["head.bias": [1.0]], strict: false) }
    }

    @Test("a tied weight is loaded under either name")
    func tied() throws {
        let model = Tied()
        try model.load(["encoder.weight": .ones([3, 3]), "decoder.weight": .ones([3, 3])])
        #expect(model.decoder.weight === model.encoder.weight)
        #expect(model.encoder.weight.detach().isEqual(to: .ones([3, 3])))
    }
}
