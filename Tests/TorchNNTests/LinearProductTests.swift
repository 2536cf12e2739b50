import LockstepTesting
import Testing
import Torch
import TorchNN

/// Sizes of a linear layer and its batch.
private struct Sizes: Sendable, CustomTestStringConvertible {
    let rows: Int
    let inputs: Int
    let outputs: Int

    var testDescription: String { "\(rows)×\(inputs) → \(outputs)" }

    // Around the sizes of tiles, of parts of the depth, and of rows that lie a page apart.
    static let all = [
        (1, 1, 1), (2, 2, 30), (3, 1, 5), (12, 7, 32), (13, 17, 33), (24, 256, 64), (25, 257, 31), (32, 100, 10),
        (7, 600, 96), (64, 1024, 17), (130, 300, 70), (600, 90, 40),
    ].map { Sizes(rows: $0.0, inputs: $0.1, outputs: $0.2) }
}

private let sets = InstructionSet.available.filter { $0 != .none }

@Suite("The products of a linear layer")
struct LinearProductTests {
    private struct Results: Equatable {
        let output: [Float]
        let input: [Float]
        let weight: [Float]

        static func of(
            _ set: InstructionSet, _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, gradient: Tensor
        ) throws -> Results {
            try set.whileUsed {
                let (input, weight) = (input.detach().requiringGrad(), weight.detach().requiringGrad())
                let output = Functional.linear(input, weight: weight, bias: bias)
                try output.backward(gradient: gradient)
                return Results(
                    output: output.detach().array(of: Float.self),
                    input: try #require(input.grad).array(of: Float.self),
                    weight: try #require(weight.grad).array(of: Float.self))
            }
        }
    }

    /// Each element as one chain of fused multiply-adds from `start`.
    private func chains(
        _ rows: Int, _ columns: Int, _ depth: Int, start: (Int) -> Float, _ left: (Int, Int) -> Float,
        _ right: (Int, Int) -> Float
    ) -> [Float] {
        (0..<rows * columns).map { place in
            let (row, column) = place.quotientAndRemainder(dividingBy: columns)
            return (0..<depth).reduce(into: start(column)) { $0.addProduct(left(row, $1), right($1, column)) }
        }
    }

    @Test("are chains of fused multiply-adds, forward and back, at any number of threads", arguments: Sizes.all, sets)
    private func chains(_ sizes: Sizes, _ set: InstructionSet) throws {
        let generator = Generator(seed: UInt64(sizes.rows * 31 + sizes.inputs * 7 + sizes.outputs))
        let input = Tensor.randn([sizes.rows, sizes.inputs], generator: generator)
        let weight = Tensor.randn([sizes.outputs, sizes.inputs], generator: generator)
        let bias = Tensor.randn([sizes.outputs], generator: generator)
        let gradient = Tensor.randn([sizes.rows, sizes.outputs], generator: generator)
        let (x, w, b, g) = (
            input.array(of: Float.self), weight.array(of: Float.self), bias.array(of: Float.self),
            gradient.array(of: Float.self)
        )
        let (n, k, m) = (sizes.rows, sizes.inputs, sizes.outputs)
        func expected(_ start: (Int) -> Float) -> Results {
            Results(
                output: chains(n, m, k, start: start, { x[$0 * k + $1] }, { w[$1 * k + $0] }),
                input: chains(n, k, m, start: { _ in 0 }, { g[$0 * m + $1] }, { w[$0 * k + $1] }),
                weight: chains(m, k, n, start: { _ in 0 }, { g[$1 * m + $0] }, { x[$0 * k + $1] }))
        }
        let threads = LibTorch.threadCount
        defer { LibTorch.threadCount = threads }
        let (withBias, without) = (expected { b[$0] }, expected { _ in 0 })
        for count in [1, 2, 3] {
            LibTorch.threadCount = count
            #expect(try Results.of(set, input, weight, bias, gradient: gradient) == withBias)
            #expect(try Results.of(set, input, weight, nil, gradient: gradient) == without)
        }
    }

    @Test("keep what is no number in its row", arguments: sets)
    func notANumber(_ set: InstructionSet) throws {
        let input = Tensor.ones([40, 40])
        input[3, 5] = Tensor(Float.nan)
        let output = set.whileUsed { Functional.linear(input, weight: .ones([40, 40])).array(of: Float.self) }
        for row in 0..<40 { #expect((0..<40).allSatisfy { output[row * 40 + $0].isNaN == (row == 3) }) }
    }

    @Test(
        "are LibTorch's within rounding for inputs of any shape and order, and where there is no gradient",
        arguments: sets)
    func shapes(_ set: InstructionSet) throws {
        let generator = Generator(seed: 4)
        let weight = Tensor.randn([7, 11], generator: generator)
        let bias = Tensor.randn([7], generator: generator)
        let base = Tensor.randn([4, 11, 5], generator: generator)
        for input in [base.transpose(1, 2), base[0].transpose(0, 1), base[0, 0..., 2], base.transpose(1, 2)[0..., 1]] {
            for bias in [bias, nil] {
                let ours = set.whileUsed { Functional.linear(input, weight: weight, bias: bias) }
                let theirs = InstructionSet.none.whileUsed { Functional.linear(input, weight: weight, bias: bias) }
                #expect(ours.shape == theirs.shape)
                #expect((ours - theirs).abs().max().item(as: Float.self) < 1e-5)
            }
        }
        // Types and sizes that LibTorch computes.
        let double = set.whileUsed {
            Functional.linear(base[0].transpose(0, 1).to(.float64), weight: weight.to(.float64))
        }
        #expect(double.dtype == .float64)
        #expect(set.whileUsed { Functional.linear(.empty([0, 11]), weight: weight, bias: bias) }.shape == [0, 7])
    }
}
