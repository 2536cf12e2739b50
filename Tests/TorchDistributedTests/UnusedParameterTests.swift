import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

@Suite struct UnusedParameterTests {
    /// The error of each rank for a first step in which only some ranks use the extra layer.
    private func step(
        _ worldSize: Int, distant: Bool = false, usesExtra: @escaping @Sendable (Int) -> Bool
    ) throws
        -> [DistributedError]
    {
        let body: @Sendable (ProcessGroup) throws -> Void = { group in
            let network = Branches(seed: 1)
            network.usesExtra = usesExtra(group.rank)
            let model = try DistributedDataParallel(network, group: group)
            let start = ContinuousClock.now
            defer { #expect(start.duration(to: .now) < .seconds(2)) }
            try model(.ones([2, 4], dtype: .float64)).sum().backward()
        }
        let results = try distant ? resultsOnDistantRanks(worldSize, body) : resultsOnRanks(worldSize, body)
        return errors(results)
    }

    @Test("a parameter that no rank uses is named in the same step", arguments: 1...3)
    func nobody(worldSize: Int) throws {
        for error in try step(worldSize, usesExtra: { _ in false }) {
            #expect(error.code == .unusedParameters)
            #expect(error.missing(["extra.weight", "extra.bias", "used on ranks: none", "findUnusedParameters"]) == [])
            #expect(!error.message.contains("common"))
        }
    }

    @Test("a parameter that one rank uses is named with it", arguments: [false, true])
    func oneRank(distant: Bool) throws {
        for error in try step(3, distant: distant, usesExtra: { $0 == 1 }) {
            #expect(error.code == .unusedParameters)
            #expect(error.missing(["extra.weight got no gradient on ranks: 0, 2; used on ranks: 1"]) == [])
        }
    }

    @Test("a second model of the group is reported on its own")
    func secondModel() throws {
        let results = try resultsOnRanks(2) { group in
            let first = try DistributedDataParallel(Perceptron(seed: 1), group: group)
            let network = Branches(seed: 1)
            network.usesExtra = group.rank == 0
            let second = try DistributedDataParallel(network, group: group)
            try first(.ones([2, 6], dtype: .float64)).sum().backward()
            try second(.ones([2, 4], dtype: .float64)).sum().backward()
        }
        for error in errors(results) {
            #expect(error.missing(["extra.bias got no gradient on ranks: 1; used on ranks: 0"]) == [])
        }
    }

    @Test("where unused parameters are found, branches may differ between ranks and steps")
    func permissive() throws {
        let found = try onRanks(3) { group in
            var options = DataParallelOptions()
            options.findUnusedParameters = true
            let network = Branches(seed: 1)
            let model = try DistributedDataParallel(network, group: group, options: options)
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            for step in 0..<20 {
                network.usesExtra = (step + group.rank) % 3 == 0
                optimizer.zeroGrad()
                try model(numbers([2, 4], seed: UInt64(step))).square().mean().backward()
                try optimizer.step()
            }
            return model.stateElements
        }
        #expect(found[0] == found[1] && found[1] == found[2])
        #expect(distance(found[0], Branches(seed: 1).stateElements) > 0.01)
    }
}
