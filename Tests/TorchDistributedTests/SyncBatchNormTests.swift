import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchDistributed
import TorchNN

@Suite struct SyncBatchNormTests {
    struct Case: Sendable, CustomStringConvertible {
        let dtype: DType
        /// How many samples each rank has.
        let sizes: [Int]
        var momentum: Double? = 0.1
        var affine = true
        var tracks = true

        var description: String { "\(dtype) \(sizes)\(affine ? "" : " plain")\(tracks ? "" : " untracked")" }
        var tolerance: Double { dtype == .float64 ? 1e-12 : 1e-5 }

        func layer() -> BatchNorm2d {
            let layer = BatchNorm2d(3, momentum: momentum, affine: affine, trackRunningStats: tracks)
            layer.to(dtype)
            layer.weight?.detach().copy(from: numbers([3], seed: 1, dtype: dtype))
            layer.bias?.detach().copy(from: numbers([3], seed: 2, dtype: dtype))
            return layer
        }

        /// All samples; far from zero, where a one-pass variance fails.
        func joined(_ step: Int) -> Tensor {
            (numbers([sizes.reduce(0, +), 3, 4, 5], seed: UInt64(10 + step)) + (dtype == .float64 ? 1e3 : 10)).to(dtype)
        }
        func seeds(_ step: Int) -> Tensor {
            numbers([sizes.reduce(0, +), 3, 4, 5], seed: UInt64(20 + step), dtype: dtype)
        }

        func part(_ tensor: Tensor, _ rank: Int) -> Tensor {
            let start = sizes[..<rank].reduce(0, +)
            return tensor[start..<start + sizes[rank]]
        }
    }

    private static let cases = [DType.float64, .float32].flatMap { dtype in
        [
            Case(dtype: dtype, sizes: [4]), Case(dtype: dtype, sizes: [2, 2]), Case(dtype: dtype, sizes: [1, 4, 2]),
            Case(dtype: dtype, sizes: [3, 1, 1, 2]), Case(dtype: dtype, sizes: [2, 3], momentum: nil),
            Case(dtype: dtype, sizes: [2, 3], affine: false), Case(dtype: dtype, sizes: [2, 3], tracks: false),
        ]
    }

    /// Output, gradients of the input and of the parameters, and running statistics after two steps.
    private static func run(
        _ layer: BatchNorm2d, _ input: (Int) -> Tensor, _ seed: (Int) -> Tensor
    ) throws
        -> (samples: [[Double]], parameters: [Double], buffers: [Double])
    {
        var samples: [[Double]] = []
        for step in 0..<2 {
            let values = input(step).detach().clone().requiringGrad()
            let output = layer(values)
            try output.backward(gradient: seed(step))
            samples.append(output.detach().to(.float64).array(of: Double.self))
            samples.append(values.grad?.to(.float64).array(of: Double.self) ?? [])
        }
        let buffers = layer.buffers.flatMap { $0.tensor.to(.float64).array(of: Double.self) }
        return (samples, layer.gradientElements, buffers)
    }

    @Test("training is that of one process with the joined batch", arguments: cases)
    func training(entry: Case) throws {
        let expected = try Self.run(entry.layer(), entry.joined, entry.seeds)
        let found = try onRanks(entry.sizes.count) { group in
            let layer = SyncBatchNorm.convert(entry.layer(), group: group)
            return try Self.run(
                layer, { entry.part(entry.joined($0), group.rank) }, { entry.part(entry.seeds($0), group.rank) })
        }
        for index in expected.samples.indices {
            #expect(distance(found.flatMap { $0.samples[index] }, expected.samples[index]) <= entry.tolerance)
        }
        // Without an average over the ranks, the gradients of the parameters are those of each rank's part.
        let parameters = expected.parameters.indices.map { index in found.reduce(0) { $0 + $1.parameters[index] } }
        #expect(distance(parameters, expected.parameters) <= 100 * entry.tolerance)
        let scale = max(1, expected.buffers.map(abs).max() ?? 1)
        for rank in found { #expect(distance(rank.buffers, expected.buffers) <= entry.tolerance * scale) }
    }

    @Test("a whole model trains as one process does", arguments: [[2, 2], [3, 1, 2]])
    func model(sizes: [Int]) throws {
        @Sendable func images() -> Tensor { numbers([sizes.reduce(0, +), 2, 5, 5], seed: 4) }
        let reference = Normalized(seed: 1)
        try reference(images()).square().mean().backward()
        let found = try onRanks(sizes.count) { group in
            let network = SyncBatchNorm.convert(Normalized(seed: 1), group: group)
            let model = try DistributedDataParallel(network, group: group)
            let inputs = try UnevenInputs(.join, batchSizes: [sizes[group.rank]], group: group)
            let start = sizes[..<group.rank].reduce(0, +)
            for step in inputs.steps {
                try model.backward(step) { _ in model(images()[start..<start + sizes[group.rank]]).square().mean() }
            }
            #expect(model.stateDictionary().keys == Normalized(seed: 1).stateDictionary().keys)
            return [model.gradientElements, model.stateElements]
        }
        for rank in found {
            #expect(distance(rank[0], reference.gradientElements) <= 1e-12)
            #expect(distance(rank[1], reference.stateElements) <= 1e-12)
        }
    }

    @Test("in evaluation nothing is sent")
    func evaluation() throws {
        try onRanks(2) { group in
            let network = SyncBatchNorm.convert(Normalized(seed: 1), group: group)
            network.eval()
            let before = group.collectiveCount
            if group.rank == 0 { _ = network(numbers([2, 2, 5, 5], seed: 1)) }
            #expect(group.collectiveCount == before)
        }
    }

    @Test("what fails in the forward pass is thrown by the backward pass", arguments: [false, true])
    func failure(isWrapped: Bool) throws {
        let results = try resultsOnRanks(2) { group in
            let network = SyncBatchNorm.convert(Normalized(seed: 1), group: group)
            let model = isWrapped ? try DistributedDataParallel(network, group: group) : nil
            try group.barrier().wait()
            if group.rank == 1 { throw DistributedError(.failed, "rank 1 has no more data") }
            let images = numbers([2, 2, 5, 5], seed: 1)
            let output = model.map { $0(images) } ?? network(images)
            try output.sum().backward()
        }
        #expect(errors(results).map(\.isConsequence) == [true, false])
    }

    @Test("a rank without data cannot take part, and all ranks hear it")
    func noData() throws {
        let results = try resultsOnRanks(2) { group in
            let network = SyncBatchNorm.convert(Normalized(seed: 1), group: group)
            let model = try DistributedDataParallel(network, group: group)
            let inputs = try UnevenInputs(.join, batchSizes: group.rank == 0 ? [2] : [], group: group)
            for step in inputs.steps {
                try model.backward(step) { _ in model(numbers([2, 2, 5, 5], seed: 1)).square().mean() }
            }
        }
        for error in errors(results) { #expect(error.missing(["rank 1 has no data", "SyncBatchNorm"]) == []) }
    }
}
