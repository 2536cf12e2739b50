import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN

/// Ranks of several machines with shared memory within each; what every backend does is tested with the others.
@Suite struct HierarchicalTests {
    /// The machine of each rank: of equal and of different sizes, ranks of one in a row or not.
    private static let layouts = [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1], [0, 1, 2, 1, 0], [0, 0, 0, 1]]

    /// What each rank gives, with memory shared on each machine.
    private func results<Value: Sendable>(
        _ machines: [Int], _ body: @escaping @Sendable (ProcessGroup) throws -> Value
    ) throws -> [Value] {
        try resultsOnMachines(machines, backend: .hierarchical, timeout: .seconds(60), body).map { try $0.get() }
    }

    @Test("integers are those of Gloo bit for bit, and other numbers within rounding", arguments: layouts)
    func equality(machines: [Int]) throws {
        // The last takes several pieces, of which the last is not whole.
        let counts = [1, 1000, 2_500_003]
        @Sendable func reduced(_ group: ProcessGroup) throws -> [Tensor] {
            try counts.flatMap { count -> [Tensor] in
                let generator = Generator(seed: UInt64(1 + group.rank))
                let numbers = Tensor.randn([count], generator: generator)
                return try [
                    group.allReduce((numbers * 1000).to(.int32)).wait(),
                    group.allReduce((numbers * 9).to(.int8), .max).wait(),
                    group.allReduce(numbers * 1).wait(), group.allReduce(numbers.to(.float64), .average).wait(),
                ]
            }
        }
        let differences = try results(machines) { group -> [Double] in
            let found = try reduced(group)
            let store = try group.store.prefixed("with Gloo")
            let gloo = try ProcessGroup(
                backend: .gloo, store: store, rank: group.rank, worldSize: group.worldSize, timeout: .seconds(60),
                address: "127.0.0.1")
            let expected = try reduced(gloo)
            try gloo.close()
            return zip(found, expected).map { ($0 - $1).to(.float64).abs().max().item(as: Double.self) }
        }
        for difference in differences {
            for (index, value) in difference.enumerated() {
                #expect(value <= [0, 0, 1e-5, 1e-14][index % 4], "\(index)")
            }
        }
    }

    @Test("a sum is that of each machine's ranks in their order, then of the machines, whenever ranks come")
    func order() throws {
        let count = 1_200_000
        @Sendable func values(_ rank: Int) -> Tensor {
            Tensor.randn([count], generator: Generator(seed: UInt64(10 + rank)))
        }
        let isExact = try results([0, 1, 0, 1, 0]) { group -> [Bool] in
            let first = values(0) + values(2) + values(4)
            let expected = first + (values(1) + values(3))
            return try (0..<4).map { round in
                Thread.sleep(forTimeInterval: Double((group.rank + round) % 3) * 0.01)
                let sum = round % 2 == 0 ? values(group.rank) : try group.sharedTensor(count: count)
                if round % 2 == 1 { sum.copy(from: values(group.rank)) }
                try group.allReduceNow(sum)
                return (sum - expected).abs().max().item(as: Double.self) == 0
            }
        }
        #expect(isExact == Array(repeating: Array(repeating: true, count: 4), count: 5))
    }

    @Test("collectives in progress at once end in their order", arguments: layouts)
    func many(machines: [Int]) throws {
        let results = try results(machines) { group -> [Float] in
            let works = try (0..<20).map { try group.allReduce(.full([1000 * ($0 + 1)], Double($0))) }
            let shared = try group.sharedTensor(count: 10)
            try group.allReduceNow(shared)
            return try works.map { try $0.wait().array(of: Float.self).last ?? -1 }
        }
        let expected = (0..<20).map { Float($0 * machines.count) }
        #expect(results == Array(repeating: expected, count: machines.count))
    }

    @Test("gradients are averaged in buckets, since the ranks are on several machines", arguments: layouts)
    func averaging(machines: [Int]) throws {
        let reasons = try results(machines) { group in
            try GradientSynchronizer(Linear(3, 2), group: group, options: DataParallelOptions()).averagingReason
        }
        #expect(reasons == Array(repeating: "the ranks are on several machines", count: machines.count))
    }

    @Test("a failed collective fails those behind it too", arguments: layouts)
    func failure(machines: [Int]) throws {
        let results = try resultsOnMachines(machines, backend: .hierarchical) { group in
            let last = group.worldSize - 1
            if group.rank == last { throw DistributedError(.failed, "rank \(last) does not go on") }
            let works = try (0..<3).map { _ in try group.allReduce(.ones([1000])) }
            for work in works { #expect(throws: DistributedError.self) { try work.wait() } }
            try group.barrier().wait()
        }
        for result in results { #expect(throws: DistributedError.self) { try result.get() } }
    }
}
