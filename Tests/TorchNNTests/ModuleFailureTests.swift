import Testing
import Torch
import TorchNN

private final class WithDictionary: Module {
    let heads = ["a": Linear(1, 1, generator: Generator(seed: 0))]
}
private final class WithEmptyDictionary: Module {
    var heads: [String: Linear] = [:]
}
private final class WithOptionalDictionary: Module {
    let heads: [String: any Layer<Tensor, Tensor>]? = ["a": ReLU()]
}
private final class WithTuple: Module {
    let pair = (ReLU(), ReLU())
}
private final class WithNestedArrays: Module {
    let stages = [[ReLU()], [ReLU()]]
}
private final class WithArrayOfTuples: Module {
    let stages = [("first", ReLU())]
}
private final class WithStruct: Module {
    struct Parts { let first = ReLU() }
    let parts = Parts()
}
private final class WithLazyModule: Module {
    lazy var head = Linear(1, 1)
}
private final class WithLazyArray: Module {
    lazy var heads = [ReLU()]
}

/// A module with two inputs, which notes its own calls.
private final class Attention: Module {
    let queries = Linear(4, 3, generator: Generator(seed: 0))
    let keys = Linear(5, 3, generator: Generator(seed: 0))
    func callAsFunction(_ query: Tensor, _ key: Tensor) -> Tensor {
        calling { queries(query).matmul(keys(key).transpose(-2, -1)) }
    }
}

/// What cannot be built or called, and what the last words have to say.
private let mistakes: [String: (make: @Sendable () -> Void, words: [String])] = [
    "a dictionary": ({ _ = WithDictionary() }, ["WithDictionary: `heads` is a dictionary", "no order or name"]),
    "an empty dictionary": ({ _ = WithEmptyDictionary() }, ["WithEmptyDictionary: `heads` is a dictionary"]),
    "an optional dictionary": ({ _ = WithOptionalDictionary() }, ["`heads` is a dictionary"]),
    "a tuple": ({ _ = WithTuple() }, ["`pair` is a tuple"]),
    "nested arrays": ({ _ = WithNestedArrays() }, ["`stages` is a collection"]),
    "an array of tuples": ({ _ = WithArrayOfTuples() }, ["`stages` is a collection"]),
    "a struct": ({ _ = WithStruct() }, ["`parts` is a value of type Parts"]),
    "a lazy module": ({ _ = WithLazyModule() }, ["WithLazyModule: `lazy var head`", "plain property"]),
    "a lazy array": ({ _ = WithLazyArray() }, ["`lazy var heads`"]),
    "an input that does not fit a layer inside a layer": (
        { _ = Nested()(Tensor.ones([3, 4])) },
        [
            "linear: mat1 and mat2 shapes cannot be multiplied (3x8 and 9x2)",
            "operands: [3, 8] float32, [2, 9] float32, [2] float32", "in module layers.2: Linear(9, 2)",
        ]
    ),
    "an input that does not fit a layer of a module with two inputs": (
        { _ = Attention()(Tensor.ones([2, 4]), Tensor.ones([2, 6])) },
        ["operands: [2, 6] float32", "in module keys: Linear(5, 3)"]
    ),
    "an input that does not fit the model": (
        { _ = Linear(4, 2, generator: Generator(seed: 0))(Tensor.ones([5])) }, ["linear: ", "in module Linear(4, 2)"]
    ),
    "batch normalisation of rows": (
        { _ = Sequential { BatchNorm2d(3) }(Tensor.ones([2, 3])) },
        ["BatchNorm2d expects an input of 4 dimensions", "operands: [2, 3] float32", "in module 0: BatchNorm2d(3)"]
    ),
    "classes that are not there": (
        { _ = CrossEntropyLoss()([[1.0, 2]], [2]) },
        ["crossEntropy: Target 2 is out of bounds", "operands: [1, 2] float32, [1] int64"]
    ),
    "symbols that are not there": (
        { _ = Embedding(3, 2, generator: Generator(seed: 0))(Tensor([3])) },
        ["embedding: ", "in module Embedding(3, 2)"]
    ),
    "a probability above one": ({ _ = Dropout(1.5) }, ["Dropout: 1.5 is no probability"]),
    "a padding index that is not there": ({ _ = Embedding(3, 2, paddingIndex: 3) }, ["the padding index 3"]),
    "groups that do not divide": ({ _ = Conv2d(3, 4, kernelSize: 1, groups: 2) }, ["2 groups do not divide 3 inputs"]),
    "start values of a vector": ({ Initialization.kaimingNormal(.empty([3])) }, ["at least two dimensions"]),
]

@Suite("mistakes in modules")
struct ModuleFailureTests {
    @Test("a mistake stops the program and says where it is", arguments: mistakes.keys.sorted())
    func stops(_ name: String) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [name] in
            mistakes[name]?.make()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        for words in try #require(mistakes[name]).words { #expect(text.contains(words), "\(text)") }
    }

    @Test("after a call that ended, its module is no longer named")
    func pathOfFinishedCall() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let output = Linear(2, 2, generator: Generator(seed: 0))([1.0, 2])
            _ = output.reshape(7)
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("reshape: ") && !text.contains("in module"))
    }
}
