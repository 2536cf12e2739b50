import LockstepTesting
import Testing
import Torch
import TorchDistributed

/// Tensors in memory that all ranks see, and reductions on the calling thread.
@Suite struct SharedTensorTests {
    private static let worlds = ProcessGroup.Backend.allCases.flatMap { backend in (1...4).map { (backend, $0) } }

    @Test("a shared tensor is reduced like any other, as a whole and in parts", arguments: worlds)
    func reduction(backend: ProcessGroup.Backend, worldSize: Int) throws {
        let problems = try onRanks(worldSize, backend: backend) { group in
            try [1, 1000, 100_003].flatMap { count -> [String] in
                let shared = try group.sharedTensor(count: count)
                guard shared.array(of: Float.self).allSatisfy({ $0 == 0 }) else { return ["\(count): not zero"] }
                let values = (0..<count).map { Float($0 % 31 + group.rank) / 7 }
                let plain = Tensor(copying: values)
                shared.copy(from: plain)
                let half = count / 2
                try group.allReduceNow(shared[..<half], bucket: 0)
                try group.allReduceNow(shared[half...], bucket: 1)
                try group.allReduce(plain).wait()
                // Twice, so that what a rank writes next does not reach the others too early.
                shared.copy(from: shared + 1)
                try group.allReduce(shared).wait()
                let expected = plain.array(of: Float.self).map { ($0 + 1) * Float(worldSize) }
                let found = shared.array(of: Float.self)
                let isRight = zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * abs($1) }
                return isRight ? [] : ["\(count) elements, rank \(group.rank)"]
            }
        }
        #expect(problems.flatMap { $0 } == [])
    }

    @Test("each element is summed in the order of the ranks, with and without copies", arguments: 2...4)
    func order(worldSize: Int) throws {
        let count = 100_000
        @Sendable func value(_ rank: Int, _ index: Int) -> Float {
            Float(index + 1) / Float(3 + 7 * rank) * (rank == 1 ? -1e3 : 1)
        }
        let expected = (0..<count).map { index in (0..<worldSize).reduce(Float(0)) { $0 + value($1, index) } }
        let results = try onRanks(worldSize, backend: .shm) { group in
            let own = Tensor(copying: (0..<count).map { value(group.rank, $0) })
            let shared = try group.sharedTensor(count: count)
            shared.copy(from: own)
            try group.allReduceNow(shared)
            try group.allReduce(own).wait()
            return [shared, own].map { $0.array(of: Float.self) == expected }
        }
        #expect(results == Array(repeating: [true, true], count: worldSize))
    }

    @Test("ranks may reduce a shared tensor together with ordinary ones")
    func mixture() throws {
        let results = try onRanks(3, backend: .shm) { group in
            let count = 200_000
            let shared = try group.sharedTensor(count: 2 * count)
            return try (0..<4).map { round in
                // The first rank's lies elsewhere in the shared memory than the second's; the third's does not lie there.
                let places = [shared[..<count], shared[count...], Tensor.zeros([count])]
                let tensor = round == 3 ? shared[..<count] : places[group.rank]
                tensor.copy(from: .ones([count]) * (group.rank + round))
                try group.allReduce(tensor).wait()
                return tensor.array(of: Float.self).allSatisfy { $0 == Float(3 + 3 * round) }
            }
        }
        #expect(results == Array(repeating: [true, true, true, true], count: 3))
    }

    @Test("a shared tensor outlives its group", arguments: ProcessGroup.Backend.allCases)
    func outliving(backend: ProcessGroup.Backend) throws {
        // Tensors stay on their thread, so what is left of them is looked at there.
        let sums = try onRanks(2, backend: backend) { group in
            var inner = try group.subgroup([0, 1])
            let shared = try #require(try inner?.sharedTensor(count: 50_000, dtype: .int64))
            shared.copy(from: .ones([50_000], dtype: .int64))
            try inner?.allReduceNow(shared)
            try inner?.close()
            inner = nil
            return shared.sum().item(as: Int.self)
        }
        #expect(sums == [100_000, 100_000])
    }

    @Test("averages are of floating-point numbers", arguments: ProcessGroup.Backend.allCases)
    func average(backend: ProcessGroup.Backend) throws {
        let results = try onRanks(2, backend: backend) { group in
            let shared = try group.sharedTensor(count: 10_000, dtype: .float64)
            shared.copy(from: .ones([10_000], dtype: .float64) * (3 * group.rank))
            try group.allReduceNow(shared, .average)
            return shared.array(of: Double.self).allSatisfy { $0 == 1.5 }
        }
        #expect(results == [true, true])
    }

    @Test("what is reduced at once is recorded with its bucket")
    func record() throws {
        let contents = try onRanks(2, backend: .shm) { group in
            let shared = try group.sharedTensor(count: 5000)
            try group.allReduceNow(shared, bucket: 3)
            return group.snapshot(last: 2).own.collectives.map { "\($0.contents), \($0.bucket ?? -1), \($0.state)" }
        }
        let expected = [
            "shared allocation of float32 [5000], -1, completed", "all-reduce (sum) of float32 [5000], 3, completed",
        ]
        #expect(contents == [expected, expected])
    }

    @Test("ranks that ask for different sizes are told so")
    func difference() throws {
        let results = try resultsOnRanks(2, backend: .shm) { group in
            _ = try group.sharedTensor(count: 10 + group.rank)
        }
        let found = errors(results)
        #expect(found.map(\.code) == [.collectivesDiffer, .collectivesDiffer])
        for error in found { #expect(error.missing(["float32 [10]", "float32 [11]"]) == []) }
    }
}
