import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN

@Suite(.serialized) struct MismatchTests {
    /// Runs good collectives and then the mismatch, and expects that all ranks name it within a second.
    private func check(_ mismatch: Mismatch, _ worldSize: Int, good: Int, _ kind: RankKind) throws {
        let body: @Sendable (ProcessGroup) throws -> Void = { group in
            for _ in 0..<good { try group.allReduce(.ones([2])).wait() }
            let start = ContinuousClock.now
            defer {
                let needed = start.duration(to: .now)
                #expect(needed < .seconds(1), "rank \(group.rank) of \(worldSize)")
            }
            try mismatch.run(group, group.rank == worldSize - 1)
            // What Gloo itself does not notice, such as another type of the same size, shows a little later.
            while start.duration(to: .now) < .seconds(3) {
                try group.allReduce(.ones([2])).wait()
                Thread.sleep(forTimeInterval: 0.002)
            }
        }
        let results = try kind.results(worldSize, body)
        let found = errors(results)
        #expect(found.map(\.code) == Array(repeating: .collectivesDiffer, count: worldSize))
        for error in found {
            #expect(error.missing(mismatch.words + ["rank \(worldSize - 1) entered", "#\(good + 1) of"]) == [])
        }
    }

    @Test(
        "ranks of one machine that enter different collectives all say so", arguments: Mismatch.all, RankKind.neighbours
    )
    func neighbours(mismatch: Mismatch, kind: RankKind) throws {
        for worldSize in 2...4 { try check(mismatch, worldSize, good: 1, kind) }
    }

    @Test("ranks of different machines that enter different collectives all say so", arguments: Mismatch.all, 2...4)
    func distant(mismatch: Mismatch, worldSize: Int) throws {
        try check(mismatch, worldSize, good: 1, .distant)
    }

    @Test("a difference is found after 500 good collectives", arguments: RankKind.allCases)
    func late(kind: RankKind) throws {
        try check(Mismatch.all[0], 3, good: 500, kind)
    }

    @Test("a difference in the last collective shows when the group is closed", arguments: RankKind.allCases)
    func atTheEnd(kind: RankKind) throws {
        let body: @Sendable (ProcessGroup) throws -> Void = { group in
            try group.allReduce(.ones([4], dtype: group.rank == 0 ? .int32 : .float32)).wait()
        }
        let results = try kind.results(2, body)
        for error in errors(results) { #expect(error.missing(["int32 [4]", "float32 [4]"]) == []) }
    }

    @Test("a difference that is no longer recorded is still an error")
    func forgotten() throws {
        let results = try resultsOnDistantRanks(2) { group in
            let start = ContinuousClock.now
            try group.allReduce(.ones([4]), group.rank == 0 ? .sum : .max).wait()
            // More than are recorded, faster than they can be compared.
            while start.duration(to: .now) < .seconds(5) { try group.allReduce(.ones([1])).wait() }
        }
        for error in errors(results) {
            #expect(error.code == .collectivesDiffer)
            #expect(error.missing(["rank 0", "rank 1"]) == [])
        }
    }

    @Test("a rank that is far ahead is compared too", arguments: RankKind.allCases)
    func ahead(kind: RankKind) throws {
        let body: @Sendable (ProcessGroup) throws -> Void = { group in
            var works: [Work<Tensor>] = []
            for _ in 0..<40 { works.append(try group.allReduce(.ones([group.rank == 0 ? 4 : 2]))) }
            for work in works { try work.wait() }
        }
        let results = try kind.results(2, body)
        for error in errors(results) {
            #expect(error.code == .collectivesDiffer)
            #expect(error.missing(["float32 [4]", "float32 [2]"]) == [])
        }
    }

    @Test("buckets that differ between ranks are named by backward", arguments: ProcessGroup.Backend.allCases, 2...3)
    func buckets(backend: ProcessGroup.Backend, worldSize: Int) throws {
        let results = try resultsOnRanks(worldSize, backend: backend) { group in
            var options = DataParallelOptions()
            options.findUnusedParameters = true
            options.bucketMegabytes = group.rank == 0 ? 1 : 0.0001
            options.firstBucketMegabytes = options.bucketMegabytes
            let model = try DistributedDataParallel(
                Sequential {
                    Linear(8, 8); Linear(8, 3)
                }, group: group, options: options)
            try model(.ones([2, 8])).sum().backward()
            try model(.ones([2, 8])).sum().backward()
        }
        for error in errors(results) {
            #expect(error.code == .collectivesDiffer)
            #expect(error.missing(["all-reduce (sum) of float32", "rank 0 entered"]) == [])
        }
    }

    @Test("a difference ends the group, and later calls name it", arguments: ProcessGroup.Backend.allCases)
    func later(backend: ProcessGroup.Backend) throws {
        let results = try resultsOnRanks(2, backend: backend) { group in
            let first = thrownError { try group.allReduce(.ones([1 + group.rank])).wait() }
            let second = thrownError { try group.barrier().wait() }
            #expect([first, second, group.failure].map { $0?.code } == Array(repeating: .collectivesDiffer, count: 3))
        }
        #expect(errors(results).map(\.code) == [.collectivesDiffer, .collectivesDiffer])  // of `close`
    }
}
