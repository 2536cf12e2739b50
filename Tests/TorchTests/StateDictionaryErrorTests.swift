import OrderedCollections
import Testing
import Torch

@Suite("states that do not fit")
struct StateDictionaryErrorTests {
    private let expected: StateDictionary = ["layers.0.weight": .zeros([2, 3]), "layers.0.bias": .zeros([2])]

    @Test("a state that fits is no error")
    func fits() {
        #expect(StateDictionaryError(loading: expected, into: expected, subject: "Model") == nil)
    }

    @Test("one error says everything that is wrong")
    func saysEverything() throws {
        let state: StateDictionary = [
            "layers.0.weight": .zeros([3, 2]), "layers.0.bais": .zeros([2]),
            "optimizer_step_of_another_program": Tensor(1),
        ]
        let error = try #require(StateDictionaryError(loading: state, into: expected, subject: "Model"))
        #expect(error.missing == ["layers.0.bias"])
        #expect(error.unexpected == ["layers.0.bais", "optimizer_step_of_another_program"])
        #expect(error.mismatched.map(\.name) == ["layers.0.weight"])
        let text = """
            the state does not fit Model; nothing was loaded
              missing: layers.0.bias
              unexpected: layers.0.bais (did you mean layers.0.bias?)
              unexpected: optimizer_step_of_another_program
              shape: layers.0.weight is [3, 2] in the state, [2, 3] here
            """
        #expect(error.description == text)
    }

    @Test("names that only one side has may be passed over, shapes may not")
    func lenient() {
        let other: StateDictionary = ["layers.0.bias": .zeros([2]), "more": Tensor(1)]
        #expect(StateDictionaryError(loading: other, into: expected, subject: "Model", strict: false) == nil)
        let wrong: StateDictionary = ["layers.0.bias": .zeros([5])]
        #expect(StateDictionaryError(loading: wrong, into: expected, subject: "Model", strict: false) != nil)
    }

    @Test("the prefix that PyTorch's DDP leaves is recognised")
    func prefix() throws {
        let state = StateDictionary(uniqueKeysWithValues: expected.map { ("module.\($0)", $1) })
        let error = try #require(StateDictionaryError(loading: state, into: expected, subject: "Model"))
        #expect(error.description.contains("saved by PyTorch's DDP; take that prefix off"))
    }

    @Test("a checkpoint with the state in a part of it is recognised")
    func part() throws {
        var state = StateDictionary(uniqueKeysWithValues: expected.map { ("state.model.\($0)", $1) })
        state["optimizer.0"] = Tensor(1)
        let error = try #require(StateDictionaryError(loading: state, into: expected, subject: "Model"))
        #expect(error.description.contains("is under `state.model`: load that part alone"))
        state["state.model.layers.0.bias"] = nil
        let other = try #require(StateDictionaryError(loading: state, into: expected, subject: "Model"))
        #expect(!other.description.contains("load that part alone"))
    }
}
