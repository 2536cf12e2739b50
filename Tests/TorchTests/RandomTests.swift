import LockstepTesting
import OrderedCollections
import Testing
import Torch

/// Draws that PyTorch made one after the other from a seeded generator.
private struct Stream: Decodable, Sendable, CustomTestStringConvertible {
    struct Draw: Decodable, Sendable {
        let operation: String
        let dtype: String
        let arguments: [String: FixtureValue]
        let result: String
    }
    let name: String
    let kind: String
    let seed: UInt64?
    let draws: [Draw]?
    var testDescription: String { name }
}

private let fixture = Result { try Fixture<Stream>("random", in: fixtureFolder(near: #filePath)) }

/// Draws that this library offers; PyTorch's `random_` over all 64 bits is none of them.
private let draws: [String: @Sendable (Stream.Draw, Generator) -> Tensor] = [
    "rand": { .rand($0.shape, dtype: $0.type, generator: $1) },
    "randn": { .randn($0.shape, dtype: $0.type, generator: $1) },
    "randint": { .randint($0.int("low")..<$0.int("high"), $0.shape, generator: $1) },
    "randperm": { .randperm($0.int("n"), generator: $1) },
    "bernoulli": { draw, generator in
        Tensor(copying: (draw.arguments["probabilities"]?.elements ?? []).map { Float($0.double ?? .nan) })
            .bernoulliDraw(generator: generator)
    },
    "bernoulli_": { $0.empty.bernoulli($0.double("p"), generator: $1) },
    "normal": { $0.empty.normal(mean: $0.double("mean"), std: $0.double("std"), generator: $1) },
    "normal_": { $0.empty.normal(mean: $0.double("mean"), std: $0.double("std"), generator: $1) },
    "uniform_": { $0.empty.uniform($0.double("low"), $0.double("high"), generator: $1) },
    "exponential_": { $0.empty.exponential($0.double("rate"), generator: $1) },
    "multinomial": { draw, generator in
        Tensor(copying: (draw.arguments["weights"]?.elements ?? []).map { Float($0.double ?? .nan) })
            .multinomial(
                draw.int("count"), replacement: draw.arguments["replacement"]?.bool ?? false, generator: generator)
    },
]

extension Stream.Draw {
    var shape: [Int] { arguments["size"]?.ints ?? [] }
    var type: DType { DType.allCases.first { $0.description == dtype } ?? .float32 }
    var empty: Tensor { .empty(shape, dtype: type) }
    func int(_ name: String) -> Int { arguments[name]?.int ?? 0 }
    func double(_ name: String) -> Double { arguments[name]?.double ?? .nan }

    /// Whether the numbers are equal bit for bit.
    ///
    /// Sixteen normal numbers or more come from vectorised logarithms and cosines, exponential ones from a vectorised
    /// logarithm; those differ in the last bits between processors.
    var isExact: Bool {
        switch operation {
        case "randn", "normal", "normal_": shape.reduce(1, *) < 16
        case "exponential_": false
        default: true
        }
    }
}

@Suite("random numbers")
struct RandomTests {
    @Test(
        "a seed gives PyTorch's stream",
        arguments: try fixture.get().cases.filter { $0.kind == "stream" && $0.draws?.first?.operation != "random_" })
    private func stream(_ stream: Stream) throws {
        let fixture = try fixture.get()
        let generator = Generator(seed: try #require(stream.seed))
        for draw in try #require(stream.draws) {
            let make = try #require(draws[draw.operation], "no draw \(draw.operation)")
            let result = make(draw, generator)
            let expected = try fixture.tensor(draw.result)
            let tolerance = draw.isExact ? 0 : 1e-6
            #expect(result.difference(from: expected, relative: tolerance, absolute: tolerance) == nil)
        }
    }

    @Test("a saved state continues the stream where it was, the second half of a pair of normal numbers included")
    func savedState() throws {
        let generator = Generator(seed: 7)
        _ = Tensor.randn([3], generator: generator)
        let state = generator.state()
        let expected = Tensor.randn([5], generator: generator)
        let permutation = Tensor.randperm(20, generator: generator)
        let other = Generator(seed: 0)
        for generator in [generator, other] {
            try generator.load(state)
            #expect(Tensor.randn([5], generator: generator).isEqual(to: expected))
            #expect(Tensor.randperm(20, generator: generator).isEqual(to: permutation))
        }
    }

    @Test("a state dictionary carries the stream")
    func stateDictionary() throws {
        let generator = Generator(seed: 7)
        let state = generator.stateDictionary()
        let expected = Tensor.rand([4], generator: generator)
        let other = Generator(seed: 8)
        try other.load(state)
        #expect(Tensor.rand([4], generator: other).isEqual(to: expected))
        let error = #expect(throws: TorchError.self) { try other.load(["seed": Tensor(1)]) }
        #expect(error?.code == .invalidState)
        #expect(error?.message.contains("[\"seed\"]") == true)
    }

    @Test("bytes that are no state are an error, and change nothing", arguments: [[], [3], [5056]])
    func wrongState(_ shape: [Int]) throws {
        let generator = Generator(seed: 3)
        #expect(throws: TorchError.self) { try generator.load(.zeros(shape, dtype: .uint8)) }
        #expect(throws: TorchError.self) { try generator.load(.zeros(shape, dtype: .float32)) }
        #expect(Tensor.rand([4], generator: generator).isEqual(to: .rand([4], generator: Generator(seed: 3))))
    }

    @Test("setting the seed starts the stream anew")
    func reseeding() {
        let generator = Generator(seed: 3)
        let first = Tensor.rand([4], generator: generator)
        _ = Tensor.randn([3], generator: generator)
        generator.seed = 3
        #expect(generator.seed == 3)
        #expect(Tensor.rand([4], generator: generator).isEqual(to: first))
    }

    @Test("without a generator the process-wide one draws, and seeding it repeats its stream")
    func processWide() async {
        await #expect(processExitsWith: .success) {
            Generator.seedAll(42)
            let draws = (0..<3).map { _ in Tensor.rand([5]) }
            let expected = Generator(seed: 42)
            for draw in draws { #expect(draw.isEqual(to: .rand([5], generator: expected))) }
            Generator.default.seed = 42
            #expect(Tensor.rand([5]).isEqual(to: draws[0]))
            #expect(Generator.default.seed == 42)
        }
    }
}
