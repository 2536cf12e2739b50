import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// Averaging gradients where they lie, of models whose backward pass goes through the engine, compared with c10d's reducer.
@Suite struct SharedGradientTests {
    /// Two convolutions, of which the second sees single pixels where images have two.
    final class Network: Module, Layer {
        let first: Conv2d
        let norm = BatchNorm2d(64)
        let second: Conv2d
        let output: Linear
        /// How often the second convolution is called.
        var repeats = 1

        override init() {
            let generator = Generator(seed: 6)
            first = Conv2d(3, 64, kernelSize: 3, stride: 2, padding: 1, bias: false, generator: generator)
            second = Conv2d(64, 64, kernelSize: 3, padding: 1, generator: generator)
            output = Linear(64, 3, generator: generator)
            super.init()
        }

        func forward(_ input: Tensor) -> Tensor {
            let features = (0..<repeats).reduce(norm(first(input)).relu()) { value, _ in second(value) }
            return output(features.mean(dims: [2, 3]))
        }
    }

    static let elements = (first: 9 * 3 * 64, tap: 64 * 64, others: 2 * 64 + 64 + 3 * 65)

    static func loss(_ model: some Layer<Tensor, Tensor>, rank: Int, step: Int, image: Int, rows: Int = 4) -> Tensor {
        let seed = UInt64(100 * step + rank)
        let input = numbers([rows, 3, image, image], seed: seed, dtype: .float32)
        return CrossEntropyLoss()(model(input), Tensor.randint(0..<3, [rows], generator: Generator(seed: seed)))
    }

    /// What size images have on a rank in a step.
    enum Images: String, CaseIterable, Sendable {
        case small, growing, growingOnOneRank, alternating, differing

        func size(rank: Int, step: Int) -> Int {
            switch self {
            case .small: 2
            case .growing: step < 3 ? 2 : 4
            case .growingOnOneRank: step == 3 && rank == 1 ? 4 : 2
            case .alternating: (rank + step) % 2 == 0 ? 2 : 4
            case .differing: rank == 0 ? 4 : 2
            }
        }
    }

    private static func train(
        _ group: ProcessGroup, _ averaging: DataParallelOptions.Averaging, _ images: Images, adam: Bool
    ) throws -> [[[UInt32]]] {
        let network = Network()
        let model = try DistributedDataParallel(network, group: group, options: AveragingComparison.options(averaging))
        let optimizer = AveragingComparison.optimizer(model.parameters, adam: adam)
        return try (0..<8).map { step in
            let value = loss(
                model, rank: group.rank, step: step, image: images.size(rank: group.rank, step: step),
                rows: step == 5 ? 3 + group.rank : 4)
            optimizer.zeroGrad()
            try value.backward()
            let gradients = network.parameters.compactMap(\.tensor.grad?.bits)
            try optimizer.step()
            return gradients + network.parameters.map(\.tensor.bits)
        }
    }

    // The order of Gloo's sums depends on the buckets from three ranks on.
    @Test(
        "gradients and training have the bits of c10d's reducer, whatever the size of the images",
        arguments: [(2, .gloo), (2, .shm), (3, .shm), (4, .shm)] as [(Int, ProcessGroup.Backend)], Images.allCases)
    func training(ranks: (worldSize: Int, backend: ProcessGroup.Backend), images: Images) throws {
        try onRanks(ranks.worldSize, backend: ranks.backend) { group in
            for adam in [false, true] {
                let atOnce = try Self.train(group, .atOnce, images, adam: adam)
                let inBuckets = try Self.train(group, .inBuckets, images, adam: adam)
                for step in atOnce.indices { #expect(atOnce[step] == inBuckets[step], "step \(step), Adam: \(adam)") }
            }
        }
    }

    /// What a step can be besides forward, backward and update.
    enum Step: String, CaseIterable, Sendable {
        case weighted, accumulated, zeroed, kept, joined, repeated, regularized, again
    }

    private static func gradients(
        _ group: ProcessGroup, _ averaging: DataParallelOptions.Averaging, _ step: Step
    ) throws -> [[[UInt32]]] {
        let network = Network()
        let synchronizer = try GradientSynchronizer(
            network, group: group, options: AveragingComparison.options(averaging))
        var kept: [(Tensor, [UInt32])] = []
        var results: [[[UInt32]]] = []
        for number in 0..<4 {
            let image = number == 2 ? 4 : 2
            func value() -> Tensor { loss(network, rank: group.rank, step: number, image: image) }
            switch step {
            case .weighted:
                network.zeroGrad()
                try value().backward(weight: 0.3)
            case .accumulated:
                if number > 1 { network.zeroGrad() }
                try synchronizer.noSync { try value().backward() }
                try value().backward()
            case .zeroed:
                zeroGradients(of: network.parameters.map(\.tensor), setToNone: false)
                try value().backward()
            case .kept:
                network.zeroGrad()
                try value().backward()
                let parameters = number == 0 ? network.parameters : Array(network.parameters[number...number])
                for gradient in parameters.compactMap(\.tensor.grad) { kept.append((gradient, gradient.bits)) }
            case .joined:
                network.zeroGrad()
                try AveragingComparison.joinInTurn(synchronizer, group, step: number, loss: value)
            case .repeated:
                network.repeats = 2
                network.zeroGrad()
                try value().backward()
            case .regularized:
                network.zeroGrad()
                try (value() + network.second.weight.square().sum() * 0.1).backward()
            case .again:
                network.zeroGrad()
                let loss = value()
                try loss.backward(retainGraph: true)
                // Only this rank's, as with the reducer.
                try loss.backward()
            }
            results.append(network.parameters.map { $0.tensor.grad?.bits ?? [] })
        }
        for (tensor, before) in kept { #expect(tensor.bits == before) }
        return results
    }

    @Test(
        "gradients that are weighted, added up, kept or missing are averaged as by c10d's reducer",
        arguments: [2, 3], Step.allCases)
    func steps(worldSize: Int, step: Step) throws {
        let found = try onRanks(worldSize, backend: .shm) { group in
            let atOnce = try Self.gradients(group, .atOnce, step)
            let inBuckets = try Self.gradients(group, .inBuckets, step)
            for number in atOnce.indices { #expect(atOnce[number] == inBuckets[number], "step \(number)") }
            return atOnce
        }
        guard step != .again else { return }
        for gradients in found { #expect(gradients == found[0]) }
    }

    @Test(
        "taps that meet padding alone are left out until a rank has larger images",
        .enabled(if: InstructionSet.current != .none))
    func elements() throws {
        let (first, tap, others) = Self.elements
        // Images of 2×2 in steps of two meet the taps from (1, 1) on; the gap of one between their rows travels too.
        let firstLive = 5 * 3 * 64
        try onRanks(2, backend: .shm) { group in
            let network = Network()
            let synchronizer = try GradientSynchronizer(network, group: group)
            #expect(synchronizer.averagingReason == nil)
            func step(_ number: Int, image: Int) throws -> (averaged: Int, collectives: Int) {
                network.zeroGrad()
                let value = Self.loss(network, rank: group.rank, step: number, image: image)
                let before = group.collectiveCount
                try value.backward()
                return (try #require(synchronizer.elements).averaged, group.collectiveCount - before)
            }
            #expect(synchronizer.elements?.all == first + 9 * tap + others)
            // Before the first step nothing is known of the convolutions; gradients before and behind the second travel.
            #expect(synchronizer.elements?.averaged == others)
            // And what the ranks have besides: two parts of the first weight and one of the second.
            let start = try step(0, image: 2)
            #expect(start == (firstLive + tap + others, 2 + 1 + 3))
            // From then on the first weight and what follows it, the middle of the second, and the rest.
            for number in 1..<3 {
                let next = try step(number, image: 2)
                #expect(next == (firstLive + tap + others, 3))
            }
            let larger = try step(3, image: group.rank == 1 ? 4 : 2)
            #expect(larger.averaged == first + 9 * tap + others)
            let last = try step(4, image: 2)
            #expect(last == (first + 9 * tap + others, 1))
        }
    }

    @Test("a step over a frozen parameter, and one of gradients that the program set, are averaged as by the reducer")
    func frozen() throws {
        try onRanks(2, backend: .shm) { group in
            func gradients(_ averaging: DataParallelOptions.Averaging) throws -> [[UInt32]] {
                let network = Network()
                network.first.weight.requiresGrad = false
                let synchronizer = try GradientSynchronizer(
                    network, group: group, options: AveragingComparison.options(averaging))
                for step in 0..<3 {
                    network.zeroGrad()
                    let given = Tensor.full(like: network.second.weight.detach(), 0.5)
                    network.second.weight.grad = step == 1 ? given : nil
                    try Self.loss(network, rank: group.rank, step: step, image: 2).backward()
                }
                withExtendedLifetime(synchronizer) {}
                return network.parameters.map { $0.tensor.grad?.bits ?? [] }
            }
            let (atOnce, inBuckets) = try (gradients(.atOnce), gradients(.inBuckets))
            #expect(atOnce == inBuckets)
        }
    }

    @Test("gradients of one model that two averages follow stay right")
    func twice() throws {
        try onRanks(2, backend: .shm) { group in
            let network = Network()
            for _ in 0..<2 {
                let synchronizer = try GradientSynchronizer(network, group: group)
                for step in 0..<2 {
                    network.zeroGrad()
                    try Self.loss(network, rank: group.rank, step: step, image: 2).backward()
                }
                withExtendedLifetime(synchronizer) {}
            }
            let averaged = network.parameters.map { $0.tensor.grad?.bits ?? [] }
            // Without any: this rank's alone, in memory of its own.
            network.zeroGrad()
            try Self.loss(network, rank: group.rank, step: 1, image: 2).backward()
            let own = network.parameters.map { $0.tensor.grad?.bits ?? [] }
            #expect(own != averaged)
            let all = try group.allGather(Tensor(copying: own[0].map { Int64($0) })).wait()
            #expect(all[0].array(of: Int64.self) != all[1].array(of: Int64.self))
        }
    }
}
