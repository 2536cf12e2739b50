import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchDistributed
import TorchNN

@Suite struct DataParallelTests {
    static let inputs = 24

    /// The gradients of one process with all samples.
    static func reference(_ model: Perceptron) throws -> [Double] {
        try MSELoss()(model(numbers([inputs, 6], seed: 1)), numbers([inputs, 3], seed: 2)).backward()
        return model.gradientElements
    }

    /// The part of all samples that a rank has.
    static func part(_ tensor: Tensor, _ rank: Int, of worldSize: Int) -> Tensor {
        let size = tensor.size(0) / worldSize
        return tensor[rank * size..<(rank + 1) * size]
    }

    static func loss(_ model: some Layer<Tensor, Tensor>, _ rank: Int, of worldSize: Int) -> Tensor {
        MSELoss()(
            model(part(numbers([inputs, 6], seed: 1), rank, of: worldSize)),
            part(numbers([inputs, 3], seed: 2), rank, of: worldSize))
    }

    struct Setting: Sendable, CustomStringConvertible {
        let description: String
        var options = DataParallelOptions()

        init(_ description: String, _ set: (inout DataParallelOptions) -> Void) {
            self.description = description
            set(&options)
        }

        static let all = [
            Setting("defaults") { _ in },
            Setting("a bucket a parameter") {
                $0.bucketMegabytes = 1e-6
                $0.firstBucketMegabytes = 1e-6
            },
            Setting("finding unused parameters") { $0.findUnusedParameters = true },
            Setting("gradients as views") { $0.gradientAsBucketView = true },
        ]
    }

    @Test("gradients are those of one process with all samples", arguments: Setting.all, 1...4)
    func gradients(setting: Setting, worldSize: Int) throws {
        let expected = try Self.reference(Perceptron(seed: 3))
        let found = try onRanks(worldSize) { group in
            let model = try DistributedDataParallel(
                Perceptron(seed: 3 + UInt64(group.rank)), group: group, options: setting.options)
            // Buckets are laid out anew after the first step.
            return try (0..<3).map { _ in
                model.zeroGrad()
                try Self.loss(model, group.rank, of: worldSize).backward()
                return model.gradientElements
            }
        }
        for gradients in found {
            #expect(gradients == found[0])
            for step in gradients { #expect(distance(step, expected) <= 1e-12) }
        }
    }

    @Test("one set of all-reduces leaves in each backward pass, while it goes on")
    func buckets() throws {
        try onRanks(2) { group in
            var options = DataParallelOptions()
            options.bucketMegabytes = 1e-6
            options.firstBucketMegabytes = 1e-6
            options.broadcastBuffers = false
            let model = try DistributedDataParallel(Perceptron(seed: 1), group: group, options: options)
            func entered(_ body: () throws -> Void) rethrows -> Int {
                let before = group.collectiveCount
                try body()
                return group.collectiveCount - before
            }
            try Self.loss(model, group.rank, of: 2).backward()
            for _ in 0..<2 {
                // One for each of the four parameters; the first also agrees on the new buckets.
                let value = Self.loss(model, group.rank, of: 2)
                #expect(try entered { try value.backward() } == 4)
            }
            #expect(try model.noSync { try entered { try Self.loss(model, group.rank, of: 2).backward() } } == 0)
            #expect(try entered { try Self.loss(model, group.rank, of: 2).backward() } == 4)
            withoutGradients { #expect(entered { _ = model(.ones([1, 6], dtype: .float64)) } == 0) }
        }
    }

    @Test("accumulated gradients of all ranks are those of one batch", arguments: [(1, 4), (2, 3), (3, 2), (4, 3)])
    func accumulation(worldSize: Int, parts: Int) throws {
        let expected = try Self.reference(Perceptron(seed: 3))
        let found = try onRanks(worldSize) { group in
            let model = try DistributedDataParallel(Perceptron(seed: 3), group: group)
            for _ in 0..<2 {
                model.zeroGrad()
                for part in 0..<parts {
                    func pass() throws {
                        let index = group.rank * parts + part
                        try (Self.loss(model, index, of: worldSize * parts) / Double(parts)).backward()
                    }
                    if part < parts - 1 { try model.noSync(pass) } else { try pass() }
                }
            }
            return model.gradientElements
        }
        for gradients in found {
            #expect(gradients == found[0])
            #expect(distance(gradients, expected) <= 1e-12)
        }
    }

    @Test("gradients sent in half precision are as exact as that, and equal on all ranks")
    func compression() throws {
        let expected = try Self.reference(Perceptron(seed: 3))
        let found = try onRanks(3) { group in
            var options = DataParallelOptions()
            options.compression = .float16
            let model = try DistributedDataParallel(Perceptron(seed: 3), group: group, options: options)
            return try (0..<2).map { _ in
                model.zeroGrad()
                try Self.loss(model, group.rank, of: 3).backward()
                return model.gradientElements
            }
        }
        for gradients in found {
            #expect(gradients == found[0])
            for step in gradients {
                #expect(distance(step, expected) <= 2e-3)
                #expect(distance(step, expected) > 1e-9)
            }
        }
    }

    @Test("frozen parameters stay as they are, and the others train")
    func frozen() throws {
        let found = try onRanks(2) { group in
            let network = Perceptron(seed: 3)
            let first = network.parameters[0].tensor
            first.requiresGrad = false
            let model = try DistributedDataParallel(network, group: group)
            try Self.loss(model, group.rank, of: 2).backward()
            #expect(first.grad == nil)
            return model.gradientElements
        }
        #expect(found[0] == found[1])
        #expect(found[0].count == 5 + 15 + 3)
    }

    @Test("a model without anything to train is refused")
    func nothingToTrain() throws {
        try onRanks(1) { group in
            let error = thrownError { _ = try DistributedDataParallel(ReLU(), group: group) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("the state has the model's own names, and goes from the bare model to the wrapped one and back")
    func state() throws {
        let found = try onRanks(2) { group in
            let model = try DistributedDataParallel(Normalized(seed: UInt64(group.rank)), group: group)
            let bare = Normalized(seed: 9)
            #expect(model.stateDictionary().keys == bare.stateDictionary().keys)
            #expect(model.parameters.map(\.name).first == "convolution.weight")
            try bare.load(model.stateDictionary())
            #expect(bare.stateElements == model.stateElements)
            try model.load(Normalized(seed: 5).stateDictionary())
            return model.module.stateElements
        }
        #expect(found == [Normalized(seed: 5).stateElements, Normalized(seed: 5).stateElements])
    }

    @Test("all ranks begin with rank 0's parameters and buffers")
    func beginning() throws {
        let found = try onRanks(3) { group in
            let network = Normalized(seed: UInt64(group.rank))
            network.normalization.runningMean?.fill(Double(group.rank + 1))
            network.normalization.numBatchesTracked?.fill(10 + group.rank)
            return try DistributedDataParallel(network, group: group).stateElements
        }
        let expected = Normalized(seed: 0)
        expected.normalization.runningMean?.fill(1)
        expected.normalization.numBatchesTracked?.fill(10)
        #expect(found == Array(repeating: expected.stateElements, count: 3))
    }
}
