import LockstepTesting
import Testing
import Torch
import TorchDistributed

/// What every backend has to do, for every type and layout; a new backend is tested by being in `allCases`.
@Suite struct ConformanceTests {
    typealias Sample = ConformanceSample
    private static let worlds = ProcessGroup.Backend.allCases.flatMap { backend in (1...4).map { (backend, $0) } }

    /// Runs a check for every sample on all ranks, and expects that none has anything to report.
    private func check(
        _ backend: ProcessGroup.Backend, _ worldSize: Int,
        _ body: @escaping @Sendable (ProcessGroup, Sample) throws -> [String]
    ) throws {
        let problems = try onRanks(worldSize, backend: backend) { group in
            try Sample.all.flatMap { sample in try body(group, sample).map { "rank \(group.rank): \($0)" } }
        }
        #expect(problems.flatMap { $0 } == [])
    }

    @Test("all-reduce combines with every operation", arguments: worlds)
    func allReduce(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            let values = (0..<worldSize).map { sample.values($0) }
            return try ReduceOperation.allCases.flatMap { operation -> [String] in
                guard operation != .average || sample.dtype.isFloatingPoint else { return [] }
                let tensor = sample.tensor(group.rank)
                let result = try group.allReduce(tensor, operation).wait()
                let expected = sample.reduced(values, operation)
                return sample.problem("\(operation)", result, expected)
                    + sample.problem("\(operation) in place", tensor, expected)
            }
        }
    }

    @Test("reduce combines on each root", arguments: worlds)
    func reduce(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            let values = (0..<worldSize).map { sample.values($0) }
            return try (0..<worldSize).flatMap { root -> [String] in
                let operation = [ReduceOperation.sum, .max, .product, .min][root]
                let result = try group.reduce(sample.tensor(group.rank), operation, to: root).wait()
                guard group.rank == root else { return [] }
                return sample.problem("\(operation) to \(root)", result, sample.reduced(values, operation))
            }
        }
    }

    @Test("broadcast gives all ranks each root's tensor", arguments: worlds)
    func broadcast(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            try (0..<worldSize).flatMap { root in
                let tensor = group.rank == root ? sample.tensor(root) : sample.placeholder()
                try group.broadcast(tensor, from: root).wait()
                return sample.problem("from \(root)", tensor, sample.values(root))
            }
        }
    }

    @Test("gather and all-gather give tensors in the order of the ranks", arguments: worlds)
    func gather(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            var problems: [String] = []
            func compare(_ what: String, _ tensors: [Tensor]) {
                if tensors.count != worldSize { problems.append("\(what): \(tensors.count) tensors") }
                for (rank, tensor) in tensors.enumerated() {
                    problems += sample.problem("\(what) \(rank)", tensor, sample.values(rank))
                }
            }
            compare("all-gather", try group.allGather(sample.tensor(group.rank)).wait())
            for root in 0..<worldSize {
                let tensors = try group.gather(sample.tensor(group.rank), to: root).wait()
                if (tensors != nil) != (group.rank == root) { problems.append("gather to \(root)") }
                if let tensors { compare("gather to \(root)", tensors) }
            }
            return problems
        }
    }

    @Test("scatter gives each rank its part of each root's tensors", arguments: worlds)
    func scatter(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            try (0..<worldSize).flatMap { root in
                let inputs = (0..<worldSize).map { sample.tensor(root, variant: $0) }
                let output = sample.placeholder()
                try group.scatter(into: output, group.rank == root ? inputs : nil, from: root).wait()
                return sample.problem("from \(root)", output, sample.values(root, variant: group.rank))
            }
        }
    }

    @Test("reduce-scatter combines place by place", arguments: worlds)
    func reduceScatter(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            try [ReduceOperation.sum, .max].flatMap { operation in
                let inputs = (0..<worldSize).map { sample.tensor(group.rank, variant: $0) }
                let output = sample.placeholder()
                try group.reduceScatter(into: output, inputs, operation).wait()
                let parts = (0..<worldSize).map { sample.values($0, variant: group.rank) }
                return sample.problem("\(operation)", output, sample.reduced(parts, operation))
            }
        }
    }

    @Test("all-to-all exchanges equal and uneven parts", arguments: worlds)
    func allToAll(backend: ProcessGroup.Backend, worldSize: Int) throws {
        try check(backend, worldSize) { group, sample in
            let rank = group.rank
            // The row that one rank sends to another, as a number that every type can hold.
            func row(_ from: Int, _ to: Int) -> Double {
                sample.dtype == .bool ? Double((from + to) % 2) : Double(4 * from + to)
            }
            func tensor(_ counts: [Int]) -> Tensor {
                let values = counts.indices.flatMap { other in Array(repeating: row(rank, other), count: counts[other])
                }
                let plain = Tensor(copying: values.flatMap { [$0, $0] }).reshape(values.count, 2).to(sample.dtype)
                return sample.layout == .transposed ? plain.transpose(0, 1).contiguous().transpose(0, 1) : plain
            }
            func expected(_ counts: [Int]) -> [Double] {
                counts.indices.flatMap { other in Array(repeating: row(other, rank), count: 2 * counts[other]) }
            }
            let equal = Array(repeating: sample.layout == .empty ? 0 : 2, count: worldSize)
            let uneven = (0..<worldSize).map { sample.layout == .empty ? 0 : (rank + $0) % 3 }
            let first = try group.allToAll(tensor(equal)).wait()
            let second = try group.allToAll(tensor(uneven), inputSplits: uneven, outputSplits: uneven).wait()
            return sample.problem("equal parts", elements: first, expected(equal))
                + sample.problem("uneven parts", elements: second, expected(uneven))
        }
    }

    @Test("what is sent is received", arguments: worlds)
    func sendAndReceive(backend: ProcessGroup.Backend, worldSize: Int) throws {
        guard worldSize > 1 else { return }
        try check(backend, worldSize) { group, sample in
            let (next, previous) = ((group.rank + 1) % worldSize, (group.rank + worldSize - 1) % worldSize)
            let output = sample.placeholder()
            let sent = try group.send(sample.tensor(group.rank), to: next, tag: 5)
            try group.receive(into: output, from: previous, tag: 5).wait()
            try sent.wait()
            return sample.problem("from \(previous)", output, sample.values(previous))
        }
    }

    @Test("no rank passes a barrier before the last one has come", arguments: worlds, [false, true])
    func barrier(world: (backend: ProcessGroup.Backend, worldSize: Int), isMonitored: Bool) throws {
        let passed = try onRanks(world.worldSize, backend: world.backend) { group in
            for round in 1...10 {
                let arrived = try group.store.add("arrived/\(round)", 1)
                if isMonitored { try group.monitoredBarrier() } else { try group.barrier().wait() }
                guard arrived <= group.worldSize, try group.store.add("arrived/\(round)", 0) == group.worldSize else {
                    return false
                }
            }
            return true
        }
        #expect(passed == Array(repeating: true, count: world.worldSize))
    }

    @Test("a result can be awaited, for every type", arguments: ProcessGroup.Backend.allCases)
    func await(backend: ProcessGroup.Backend) async throws {
        let groups = try onRanks(2, backend: backend) { $0 }
        for sample in Sample.all {
            let works = try groups.map { try $0.allReduce(sample.tensor($0.rank), .max) }
            for work in works {
                let expected = sample.reduced([sample.values(0), sample.values(1)], .max)
                #expect(sample.problem("maximum", try await work.value, expected) == [])
                #expect(sample.problem("maximum again", try await work.value, expected) == [])
            }
        }
        let transfers = (try groups[0].send(.ones([3]), to: 1), try groups[1].receive(into: .zeros([3]), from: 0))
        try await transfers.0.value
        #expect(try await transfers.1.value.array(of: Float.self) == [1, 1, 1])
    }
}
