import LockstepTesting
import OrderedCollections
import Testing
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// Averaging all gradients together after the backward pass, compared with c10d's reducer.
@Suite struct DirectAveragingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let worldSize: Int
        let backend: ProcessGroup.Backend
        var testDescription: String { "\(worldSize) over \(backend.rawValue)" }

        // The order of Gloo's sums depends on the buckets from three ranks on.
        static let all = [(1, .gloo), (2, .gloo), (1, .shm), (2, .shm), (3, .shm), (4, .shm)].map(Case.init)
    }

    static func network() -> Sequential {
        let generator = Generator(seed: 4)
        return Sequential {
            Linear(6, 33, generator: generator); ReLU()
            Linear(33, 20, generator: generator); Tanh()
            Linear(20, 3, generator: generator)
        }
    }

    /// A loss over as many samples of this rank as are asked for.
    static func loss(_ model: some Layer<Tensor, Tensor>, rank: Int, step: Int, rows: Int) -> Tensor {
        let seed = UInt64(100 * step + rank)
        let input = numbers([rows, 6], seed: seed, dtype: .float32)
        let classes = Tensor.randint(0..<3, [rows], generator: Generator(seed: seed))
        return CrossEntropyLoss()(model(input), classes)
    }

    static func bits(_ module: Module) -> [[UInt32]] {
        module.parameters.map(\.tensor.bits)
    }

    /// The bits of all parameters after each of some steps, and whether every backward pass was direct.
    private static func train(
        _ group: ProcessGroup, _ averaging: DataParallelOptions.Averaging, adam: Bool
    ) throws -> (bits: [[[UInt32]]], wasDirect: Bool) {
        let model = try DistributedDataParallel(
            network(), group: group, options: AveragingComparison.options(averaging))
        let optimizer = AveragingComparison.optimizer(model.parameters, adam: adam)
        var wasDirect = true
        let bits = try (0..<8).map { step in
            let value = loss(model, rank: group.rank, step: step, rows: step == 5 ? 3 + group.rank : 8)
            optimizer.zeroGrad()
            try value.backward()
            wasDirect = wasDirect && LayerChain.detour == nil
            try optimizer.step()
            return Self.bits(model)
        }
        return (bits, wasDirect)
    }

    @Test("training has the bits of training with c10d's reducer", arguments: Case.all, [false, true])
    func training(entry: Case, adam: Bool) throws {
        try onRanks(entry.worldSize, backend: entry.backend) { group in
            let atOnce = try Self.train(group, .atOnce, adam: adam)
            let inBuckets = try Self.train(group, .inBuckets, adam: adam)
            #expect(atOnce.bits == inBuckets.bits)
            #expect(atOnce.wasDirect)
            #expect(!inBuckets.wasDirect)
        }
    }

    /// What a step can be besides forward, backward and update.
    enum Step: String, CaseIterable, Sendable {
        case scaled, accumulated, zeroed, kept, joined
    }

    private static func gradients(
        _ group: ProcessGroup, _ averaging: DataParallelOptions.Averaging, _ step: Step
    ) throws -> [[UInt32]] {
        let network = network()
        let synchronizer = try GradientSynchronizer(
            network, group: group, options: AveragingComparison.options(averaging))
        var kept: [(Tensor, [UInt32])] = []
        for number in 0..<3 {
            func value() -> Tensor { loss(network, rank: group.rank, step: number, rows: 4) }
            switch step {
            case .scaled:
                network.zeroGrad()
                try (value() * 0.3).backward()
            case .accumulated:
                if number > 0 { network.zeroGrad() }
                try synchronizer.noSync { try value().backward() }
                try value().backward()
            case .zeroed:
                zeroGradients(of: network.parameters.map(\.tensor), setToNone: false)
                try value().backward()
            case .kept:
                network.zeroGrad()
                // The first through the engine: what it leaves must not be written over.
                try (number == 1 ? value() * 2 : value()).backward()
                for gradient in network.parameters.compactMap(\.tensor.grad) { kept.append((gradient, gradient.bits)) }
            case .joined:
                network.zeroGrad()
                try AveragingComparison.joinInTurn(synchronizer, group, step: number, loss: value)
            }
        }
        for (tensor, bits) in kept { #expect(tensor.bits == bits) }
        return network.parameters.map { $0.tensor.grad?.bits ?? [] }
    }

    @Test(
        "gradients that are scaled, added up, kept or missing are averaged as by c10d's reducer", arguments: Case.all,
        Step.allCases)
    func steps(entry: Case, step: Step) throws {
        let found = try onRanks(entry.worldSize, backend: entry.backend) { group in
            let atOnce = try Self.gradients(group, .atOnce, step)
            #expect(try atOnce == Self.gradients(group, .inBuckets, step))
            return atOnce
        }
        for gradients in found { #expect(gradients == found[0]) }
    }

    @Test("one collective, with its bucket's number, leaves in a step")
    func record() throws {
        try onRanks(2, backend: .shm) { group in
            let model = try DistributedDataParallel(Self.network(), group: group)
            for step in 0..<3 {
                let value = Self.loss(model, rank: group.rank, step: step, rows: 4)
                let before = group.collectiveCount
                try value.backward()
                #expect(group.collectiveCount == before + 1)
            }
        }
    }

    @Test("ranks that share memory average gradients of float32 at once, and nothing else")
    func choice() throws {
        func reason(
            _ backend: ProcessGroup.Backend, _ make: @escaping @Sendable (Int) -> (Module, DataParallelOptions)
        )
            throws -> [String?]
        {
            try onRanks(2, backend: backend) { group in
                let (module, options) = make(group.rank)
                return try GradientSynchronizer(module, group: group, options: options).averagingReason
            }
        }
        let plain = DataParallelOptions()
        #expect(try reason(.shm) { _ in (Self.network(), plain) } == [nil, nil])
        #expect(
            try reason(.gloo) { _ in (Self.network(), plain) }
                == Array(repeating: "ranks of other programs may take part", count: 2))
        #expect(try reason(.shm) { _ in (Perceptron(seed: 1), plain) }[0]?.contains("float64") == true)
        #expect(try reason(.shm) { _ in (Normalized(seed: 1, dtype: .float32), plain) } == [nil, nil])
        // One rank is enough, and all ranks take the same way.
        let searching = try reason(.shm) { rank in
            var options = plain
            options.findUnusedParameters = rank == 1
            return (Self.network(), options)
        }
        #expect(searching[0] == "rank 1: parameters without a gradient are searched for")
        #expect(searching[1] == "parameters without a gradient are searched for")
    }

    @Test("a parameter without a gradient is named in the same step", arguments: 1...3)
    func unused(worldSize: Int) throws {
        let results = try resultsOnRanks(worldSize, backend: .shm) { group in
            let network = Branches(seed: 1)
            network.to(.float32)
            network.usesExtra = group.rank == 1
            let model = try DistributedDataParallel(network, group: group)
            try model(.ones([2, 4])).sum().backward()
        }
        for error in errors(results) {
            #expect(error.code == .unusedParameters)
            #expect(error.message.contains("extra.weight got no gradient on ranks: 0"))
        }
        #expect(errors(results).count == worldSize)
    }

    @Test("gradients are nowhere but in parameters when the average is gone")
    func released() throws {
        let network = Self.network()
        try onRanks(1) { group in
            let model = Self.network()
            for _ in 0..<3 {
                let synchronizer = try GradientSynchronizer(model, group: group)
                model.zeroGrad()
                try Self.loss(model, rank: 0, step: 0, rows: 2).backward()
                #expect(LayerChain.detour == nil)
                withExtendedLifetime(synchronizer) {}
            }
        }
        try Self.loss(network, rank: 0, step: 0, rows: 2).backward()
        #expect(LayerChain.detour == nil)
    }
}
