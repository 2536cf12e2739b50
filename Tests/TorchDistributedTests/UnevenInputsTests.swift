import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

@Suite struct UnevenInputsTests {
    /// The sizes of each rank's batches: 5, 3, 0 and 4 of them, most of different sizes.
    private static let sizes = [[2, 2, 3, 2, 1], [2, 4, 2], [], [1, 2, 2, 3]]

    /// A rank's batch: inputs and targets.
    private static func batch(_ rank: Int, _ index: Int) -> (Tensor, Tensor) {
        let (size, seed) = (sizes[rank][index], UInt64(100 * rank + index))
        return (numbers([size, 6], seed: seed), numbers([size, 3], seed: seed + 50))
    }

    @Test("the steps follow from all ranks' batches and the policy")
    func steps() throws {
        func batches(_ policy: UnevenInputs.Policy) throws -> [[Int?]] {
            try (0..<4).map { try UnevenInputs(policy, batchSizes: Self.sizes, rank: $0).steps.map(\.batch) }
        }
        #expect(try batches(.stop) == [[], [], [], []])
        #expect(
            try batches(.pad) == [[0, 1, 2, 3, 4], [0, 1, 2, 0, 1], [nil, nil, nil, nil, nil], [0, 1, 2, 3, 0]])
        #expect(
            try batches(.join) == [
                [0, 1, 2, 3, 4], [0, 1, 2, nil, nil], [nil, nil, nil, nil, nil], [0, 1, 2, 3, nil],
            ])
        let some = [[2, 2, 3], [4, 4], [1, 1, 1, 7]]
        let stopped = try UnevenInputs(.stop, batchSizes: some, rank: 1)
        #expect(stopped.steps.map(\.batch) == [0, 1])
        #expect(stopped.samplesLost == 3 + 1 + 7)
        #expect(stopped.steps[0].lossWeight == 3 * 4.0 / 7)
        #expect(try UnevenInputs(.join, batchSizes: some, rank: 2).steps.map(\.bufferRank) == [0, 0, 0, 2])
        #expect(try UnevenInputs(.join, batchSizes: some, rank: 0).samplesLost == 0)
        #expect(
            thrownError { _ = try UnevenInputs(.pad, batchSizes: [[1], [2, 0]], rank: 0) }?.code == .invalidArgument)
    }

    @Test(
        "training with (5, 3, 0, 4) batches equals one process with the samples of each step",
        arguments: UnevenInputs.Policy.allCases)
    func training(policy: UnevenInputs.Policy) throws {
        // A process that has in each step the batches that the ranks take.
        let reference = Perceptron(seed: 1)
        let optimizer = SGD(reference.parameters, learningRate: 0.05, momentum: 0.9)
        let plans = try (0..<4).map { try UnevenInputs(policy, batchSizes: Self.sizes, rank: $0) }
        for step in 0..<plans[0].steps.count {
            let parts = plans.enumerated().compactMap { rank, plan in
                plan.steps[step].batch.map { Self.batch(rank, $0) }
            }
            optimizer.zeroGrad()
            try MSELoss()(reference(.cat(parts.map(\.0))), .cat(parts.map(\.1))).backward()
            try optimizer.step()
        }

        let found = try onRanks(4) { group in
            let model = try DistributedDataParallel(Perceptron(seed: UInt64(1 + group.rank)), group: group)
            let optimizer = SGD(model.parameters, learningRate: 0.05, momentum: 0.9)
            let inputs = try UnevenInputs(policy, batchSizes: Self.sizes[group.rank], group: group)
            var losses = 0
            for step in inputs.steps {
                optimizer.zeroGrad()
                let loss = try model.backward(step) { index in
                    let (input, target) = Self.batch(group.rank, index)
                    return MSELoss()(model(input), target)
                }
                if loss != nil { losses += 1 }
                try optimizer.step()
            }
            #expect(losses == inputs.steps.filter { $0.batch != nil }.count)
            #expect(inputs.samplesLost == (policy == .stop ? 26 : 0))
            return model.stateElements
        }
        #expect(found == Array(repeating: found[0], count: 4))
        #expect(distance(found[0], reference.stateElements) <= 1e-12)
        #expect(policy == .stop || distance(found[0], Perceptron(seed: 1).stateElements) > 0.01)
    }

    @Test("running statistics are equal on all ranks in the end", arguments: UnevenInputs.Policy.allCases)
    func buffers(policy: UnevenInputs.Policy) throws {
        let counts = [1, 3, 0, 4]
        let found = try onRanks(4) { group in
            let model = try DistributedDataParallel(Normalized(seed: 1), group: group)
            let inputs = try UnevenInputs(
                policy, batchSizes: Array(repeating: 2, count: counts[group.rank]), group: group)
            for _ in 0..<2 {
                for step in inputs.steps {
                    model.zeroGrad()
                    try model.backward(step) { index in
                        model(numbers([2, 2, 5, 5], seed: UInt64(10 * group.rank + index))).square().mean()
                    }
                }
            }
            try model.synchronizeBuffers()
            return model.stateElements
        }
        #expect(found == Array(repeating: found[0], count: 4))
        // The count of batches that the statistics hold: every step's, although rank 0 had data in the first alone.
        let state = Normalized(seed: 1).stateDictionary()
        let index = try #require(state.keys.firstIndex(of: "normalization.num_batches_tracked"))
        let offset = state.values[..<index].reduce(0) { $0 + $1.count }
        #expect(found[0][offset] == (policy == .stop ? 0 : 8))
    }

    @Test("accumulation goes together with uneven inputs")
    func accumulation() throws {
        let found = try onRanks(3) { group in
            let model = try DistributedDataParallel(Perceptron(seed: 1), group: group)
            let sizes = [[2, 2], [2], []][group.rank]
            let inputs = try UnevenInputs(.join, batchSizes: sizes, group: group)
            for (number, step) in inputs.steps.enumerated() {
                func pass() throws {
                    try model.backward(step) { index in
                        model(numbers([2, 6], seed: UInt64(10 * group.rank + index))).square().mean()
                    }
                }
                if number == 0 { try model.noSync(pass) } else { try pass() }
            }
            return model.gradientElements
        }
        let reference = Perceptron(seed: 1)
        try reference(.cat([numbers([2, 6], seed: 0), numbers([2, 6], seed: 10)])).square().mean().backward()
        try reference(numbers([2, 6], seed: 1)).square().mean().backward()
        for gradients in found { #expect(distance(gradients, reference.gradientElements) <= 1e-12) }
    }
}
