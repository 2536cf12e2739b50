import Foundation
import Lockstep
import LockstepTesting
import Testing

/// The five programs against what PyTorch computes with the same seed.
@Suite("The five programs give PyTorch's numbers")
struct SeedProgramTests {
    private static func expected(_ program: SeedProgram) throws -> ProgramFixture {
        try ProgramFixtures.expected(program)
    }

    private static func seed() throws -> UInt64 { try ProgramFixtures.all.get().seed }

    @Test("the start values are PyTorch's", arguments: SeedProgram.allCases)
    func startValues(_ program: SeedProgram) throws {
        let model = program.model(Generator(seed: try Self.seed()))
        try expectChecksums(
            of: model.stateDictionary(), Self.expected(program).parameters, relative: 1e-6)
    }

    @Test("the order of the samples is PyTorch's", arguments: SeedProgram.allCases.filter(\.hasData))
    func order(_ program: SeedProgram) async throws {
        let training = try await SeedTraining(program, seed: try Self.seed())
        for expected in try Self.expected(program).indices {
            let batches = expected.batches
            let order = training.loader.indices(epoch: expected.epoch)
            #expect(Array(order.prefix(batches.joined().count)) == Array(batches.joined()), "epoch \(expected.epoch)")
            #expect(batches.allSatisfy { $0.count <= training.loader.batchSize })
        }
    }

    @Test("the first batch holds PyTorch's values", arguments: SeedProgram.allCases.filter(\.hasData))
    func firstBatch(_ program: SeedProgram) async throws {
        let expected = try Self.expected(program).firstBatch
        let training = try await SeedTraining(program, seed: try Self.seed())
        let (inputs, targets) = try #require(try training.loader.batches(epoch: 0, from: 0).next())
        #expect(inputs.shape == expected.shape)
        expectChecksum(of: inputs, expected.inputs, relative: 1e-6, "inputs")
        #expect(targets.flatten().array(of: Double.self) == expected.targets)
    }

    @Test("the losses of 100 steps are PyTorch's", arguments: SeedProgram.small.filter(\.hasData))
    func losses(_ program: SeedProgram) async throws {
        let expected = try Self.expected(program)
        let training = try await SeedTraining(program, seed: try Self.seed())
        let losses = try training.losses(steps: expected.losses.count)
        for (step, (found, wanted)) in zip(losses, expected.losses).enumerated() {
            #expect(abs(found - wanted) <= 1e-5 * abs(wanted) + 1e-6, "step \(step)")
        }
        try expectChecksums(
            of: training.model.stateDictionary(), #require(expected.parametersAfter), relative: 1e-4)
    }

    @Test("an evaluation after 100 steps counts what PyTorch counts", .enabled(if: SeedProgram.fashion.hasData))
    func evaluation() async throws {
        let expected = try #require(try Self.expected(.fashion).evaluation)
        let training = try await SeedTraining(.fashion, seed: try Self.seed())
        _ = try training.losses(steps: 100)
        var accuracy = Total(of: Accuracy())
        var loss = Total(of: Mean { CrossEntropyLoss().perSample($0, $1) })
        training.model.eval()
        for try await (images, labels) in EvaluationLoader(
            try await FashionMNIST(in: DatasetLocation()).test, batchSize: 32)
        {
            let scores = withoutGradients { training.model(images) }
            accuracy.add(outputs: scores, targets: labels)
            loss.add(outputs: scores, targets: labels)
        }
        #expect(accuracy.value?.count == expected.count)
        #expect(abs(try #require(accuracy.value).correct - expected.correct) <= 2)  // ties in the last bit
        #expect(abs(try #require(loss.value) - expected.meanLoss) <= 1e-5)
    }

    @Test("ResNet-18 in double follows PyTorch for 25 steps", .enabled(if: SeedProgram.cifar.hasData))
    func residualNetworkInDouble() async throws {
        let expected = try #require(try Self.expected(.cifar).lossesFloat64)
        let training = try await SeedTraining(.cifar, seed: try Self.seed(), dtype: .float64)
        let losses = try training.losses(steps: expected.count, dtype: .float64)
        for (step, (found, wanted)) in zip(losses, expected).enumerated() {
            #expect(abs(found - wanted) <= 1e-8, "step \(step)")
        }
    }

    @Test("ResNet-18 in float starts as PyTorch's and learns as well", .enabled(if: SeedProgram.cifar.hasData))
    func residualNetworkInFloat() async throws {
        let expected = try Self.expected(.cifar)
        let training = try await SeedTraining(.cifar, seed: try Self.seed())
        let losses = try training.losses(steps: 100)
        #expect(abs(losses[0] - expected.losses[0]) <= 1e-5)
        let mean = losses[50..<100].reduce(0, +) / 50
        #expect(abs(mean / (try #require(expected.meanLoss50To99)) - 1) <= 0.1)
    }
}

/// Names, order, shapes, types and checksums of a whole state.
private func expectChecksums(
    of state: StateDictionary, _ expected: [ProgramFixture.Parameter], relative: Double
) throws {
    #expect(Array(state.keys) == expected.map(\.name))
    for parameter in expected {
        let tensor = try #require(state[parameter.name])
        #expect(tensor.shape == parameter.shape, "\(parameter.name)")
        #expect("\(tensor.dtype)" == parameter.dtype, "\(parameter.name)")
        expectChecksum(of: tensor, parameter.checksum, relative: relative, parameter.name)
    }
}

/// Sums over all elements, one of them weighted by place, compared on the scale of the elements.
private func expectChecksum(
    of tensor: Tensor, _ expected: ProgramFixture.Checksum, relative: Double, _ name: String
) {
    let values = tensor.array(of: Double.self)
    let sum = values.reduce(0, +)
    let squares = values.reduce(0) { $0 + $1 * $1 }
    let weighted = values.enumerated().reduce(0) { $0 + Double($1.offset + 1) * $1.element } / Double(values.count)
    let scale = (expected.sumOfSquares * Double(values.count)).squareRoot()
    #expect(abs(sum - expected.sum) <= relative * scale, "\(name): sum")
    #expect(abs(weighted - expected.weightedSum) <= relative * scale, "\(name): weighted sum")
    #expect(abs(squares - expected.sumOfSquares) <= relative * expected.sumOfSquares, "\(name): sum of squares")
    for (found, wanted) in zip(values, expected.first) {
        #expect(abs(found - wanted) <= relative * Swift.max(1, abs(wanted)), "\(name): first values")
    }
}
