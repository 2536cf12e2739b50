import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN

@Suite struct ModelComparisonTests {
    private final class Named: Module, Layer {
        private let entries: [ModuleMember]
        init(_ entries: [ModuleMember]) {
            self.entries = entries
            super.init()
        }
        override var members: [ModuleMember] { entries }
        func forward(_ input: Tensor) -> Tensor { input }
    }

    private struct Difference: Sendable {
        let words: [String]
        let entries: @Sendable (_ isOdd: Bool) -> [(name: String, tensor: Tensor, isBuffer: Bool)]
    }

    private static func weight(
        _ name: String, _ shape: [Int] = [2], _ dtype: DType = .float32
    ) -> (String, Tensor, Bool) {
        (name, .ones(shape, dtype: dtype), false)
    }

    private static let differences = [
        Difference(words: ["parameter a float32 [2]", "parameter b float32 [2]"]) { [weight($0 ? "b" : "a")] },
        Difference(words: ["parameter a float32 [2]", "parameter a float32 [3]"]) { [weight("a", $0 ? [3] : [2])] },
        Difference(words: ["parameter a float32 [2, 3]", "parameter a float32 [3, 2]"]) {
            [weight("a", $0 ? [3, 2] : [2, 3])]
        },
        Difference(words: ["parameter a float32", "parameter a float64"]) {
            [weight("a", [2], $0 ? .float64 : .float32)]
        },
        Difference(words: ["parameter b float32 [2]", "nothing in its place", "(2 and 1 tensors)"]) {
            $0 ? [weight("a")] : [weight("a"), weight("b")]
        },
        Difference(words: ["parameter a float32 [2]", "parameter b float32 [2]"]) {
            $0 ? [weight("b"), weight("a")] : [weight("a"), weight("b")]
        },
        Difference(words: ["buffer c int64 [1]", "buffer c int64 [2]"]) {
            [weight("a"), ("c", .zeros([$0 ? 2 : 1], dtype: .int64), true)]
        },
    ]

    @Test("the first difference between models is named on all ranks", arguments: differences.indices, 2...4)
    func difference(index: Int, worldSize: Int) throws {
        let difference = Self.differences[index]
        let results = try resultsOnRanks(worldSize) { group in
            let members = difference.entries(group.rank == worldSize - 1).map { name, tensor, isBuffer in
                ModuleMember(name, isBuffer ? .buffer(tensor) : .parameter(tensor.requiringGrad()))
            }
            _ = try DistributedDataParallel(Named(members), group: group)
        }
        for error in errors(results) {
            #expect(error.code == .modelsDiffer)
            #expect(error.missing(difference.words + ["rank 0 has", "rank \(worldSize - 1) has"]) == [])
        }
    }

    @Test("a parameter that is frozen on one rank alone is a difference")
    func frozen() throws {
        let results = try resultsOnRanks(2) { group in
            let network = Perceptron(seed: 1)
            network.parameters[1].tensor.requiresGrad = group.rank == 0
            _ = try DistributedDataParallel(network, group: group)
        }
        for error in errors(results) { #expect(error.missing(["layers.0.bias float64 [5], not trained"]) == []) }
    }
}
