import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN

@Suite struct BufferTests {
    private static func images(_ seed: Int) -> Tensor { numbers([4, 2, 5, 5], seed: UInt64(seed)) }

    @Test("two forward passes and one backward pass work with batch normalisation")
    func twoForwards() throws {
        let found = try onRanks(2) { group in
            let model = try DistributedDataParallel(Normalized(seed: 1), group: group)
            for step in 0..<2 {
                model.zeroGrad()
                let one = model(Self.images(10 * step + group.rank))
                let other = model(Self.images(10 * step + 5 + group.rank))
                try (one.square().mean() + other.square().mean()).backward()
            }
            return model.gradientElements
        }
        #expect(found[0] == found[1])
    }

    @Test("buffers, integers too, are equal on all ranks after they were synchronised")
    func synchronized() throws {
        let found = try onRanks(3) { group in
            let model = try DistributedDataParallel(Normalized(seed: 1), group: group)
            for step in 0..<3 { try model(Self.images(10 * step + group.rank)).square().mean().backward() }
            let before = model.buffers.flatMap { $0.tensor.to(.float64).array(of: Double.self) }
            try model.synchronizeBuffers()
            return [before, model.buffers.flatMap { $0.tensor.to(.float64).array(of: Double.self) }]
        }
        #expect(found[0][0] != found[1][0])
        #expect(found.map { $0[1] } == Array(repeating: found[0][0], count: 3))
        #expect(found[0][0].last == 3)
    }

    @Test("one rank may evaluate alone", arguments: [false, true])
    func evaluation(recordsGradients: Bool) throws {
        let found = try onRanks(2, timeout: .seconds(5)) { group in
            let model = try DistributedDataParallel(Normalized(seed: 1), group: group)
            try model(Self.images(group.rank)).square().mean().backward()
            if group.rank == 0 {
                model.eval()
                #expect(!model.module.isTraining)
                for _ in 0..<3 { withGradients(enabled: recordsGradients) { _ = model(Self.images(7)) } }
                model.train()
            }
            try model(Self.images(group.rank)).square().mean().backward()
            return model.gradientElements
        }
        #expect(found[0] == found[1])
    }

    @Test("what fails in the forward pass is thrown by the backward pass")
    func failure() throws {
        let results = try resultsOnRanks(3) { group in
            let model = try DistributedDataParallel(Normalized(seed: 1), group: group)
            try model(Self.images(group.rank)).square().mean().backward()
            if group.rank == 2 { throw DistributedError(.failed, "rank 2 has no more data") }
            let output = model(Self.images(group.rank))
            #expect(output.shape == [4, 3])
            try output.square().mean().backward()
        }
        let found = errors(results)
        #expect(found.dropLast().allSatisfy { $0.isConsequence }, "\(found)")
        #expect(found.last?.message == "rank 2 has no more data")
    }
}
