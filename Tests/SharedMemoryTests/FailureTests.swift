import CTorchKernels
import Foundation
import Testing

@testable import shared_memory_probe

@Suite(.serialized) struct FailureTests {
    @Test func `ranks that differ are told what the other one called`() throws {
        let results = try outcomes(2) { group in
            var values = [Float](repeating: 1, count: 10 + group.rank)
            try group.allReduce(&values, dtype: 6)
        }
        for (rank, result) in results.enumerated() {
            let error = try #require(failure(of: result))
            #expect(error.kind == CTK_ERROR_MISMATCH && error.rank == 1 - rank)
            #expect(error.description.contains("all-reduce #1 (sum of 10 float32)"))
            #expect(error.description.contains("all-reduce #1 (sum of 11 float32)"))
        }
    }

    @Test func `a rank that does not come is named at the time limit`() throws {
        let results = try outcomes(3) { group in
            try group.barrier()
            guard group.rank != 1 else {
                Thread.sleep(forTimeInterval: 1.5)
                return
            }
            group.setTimeout(300)
            try group.barrier()
        }
        #expect(failure(of: results[1]) == nil)
        for rank in [0, 2] {
            let error = try #require(failure(of: results[rank]))
            #expect(error.rank == 1)
            #expect(error.description.contains("has not come within 0.3 s: the last collective it entered is #1"))
        }
    }

    @Test func `an abort from another thread releases all ranks`() throws {
        let start = ContinuousClock.now
        let results = try outcomes(3) { group in
            if group.rank == 0 {
                Thread {
                    usleep(200_000)
                    group.abort("the user pressed a key")
                }.start()
            }
            if group.rank == 2 { usleep(1_000_000) }
            try group.barrier()
        }
        for result in results {
            let error = try #require(failure(of: result))
            #expect(error.description.contains("the user pressed a key"))
        }
        #expect(start.duration(to: .now) < .seconds(5))
    }

    @Test func `a group that has failed repeats its failure`() throws {
        let results = try outcomes(2) { group in
            group.abort("enough")
            var messages: [String] = []
            for _ in 0..<2 {
                do { try group.barrier() } catch { messages.append("\(error)") }
            }
            return messages
        }
        for result in results {
            let messages = try result.get()
            #expect(messages.count == 2 && messages.allSatisfy { $0.contains("enough") })
        }
    }

    @Test func `a rank that leaves is named by those that wait for it`() throws {
        let results = try outcomes(2) { group in
            if group.rank == 0 { try group.barrier() }
        }
        let error = try #require(failure(of: results[0]))
        #expect(error.kind == CTK_ERROR_PEER_ENDED && error.rank == 1)
        #expect(error.description.contains("rank 1") && error.description.contains("has left the group"))
    }

    @Test func `a rank that never joins is named`() throws {
        let folder = try MeetingFolder()
        defer { folder.remove() }
        for (rank, other) in [(1, 0), (0, 1)] {
            let error = #expect(throws: SharedMemoryError.self) {
                _ = try SharedGroup(folder: folder.path, rank: rank, worldSize: 2, timeout: 200)
            }
            #expect(error?.description == "rank \(other) has not joined within 0.2 s")
        }
    }

    /// How long a group of three takes to fail on rank 0, where the other ranks come and give up soon.
    private func endOfJoining(with others: [Int]) throws -> (error: SharedMemoryError?, duration: Duration) {
        let folder = try MeetingFolder()
        defer { folder.remove() }
        let path = folder.path
        let done = DispatchGroup()
        for other in others {
            done.enter()
            Thread {
                // It has published where it is, and ends when nobody comes in time.
                _ = try? SharedGroup(folder: path, rank: other, worldSize: 3, timeout: 100)
                done.leave()
            }.start()
        }
        // Where it has ended before, nobody has been connected with it.
        if others == [1] { done.wait() }
        let start = ContinuousClock.now
        let error = #expect(throws: SharedMemoryError.self) {
            _ = try SharedGroup(folder: path, rank: 0, worldSize: 3, timeout: 20_000)
        }
        done.wait()
        return (error, start.duration(to: .now))
    }

    @Test(arguments: [1, 2]) func `a rank that ends while the others join is named at once`(rank: Int) throws {
        let (error, duration) = try endOfJoining(with: [rank])
        #expect(error?.kind == CTK_ERROR_PEER_ENDED)
        #expect(error?.rank == rank)
        #expect(error?.description.contains("rank \(rank)") == true, "\(error?.description ?? "")")
        #expect(duration < .seconds(3))
    }

    @Test func `descriptors and memory are given back`() throws {
        func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        func mapped() throws -> Int {
            try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).components(separatedBy: "memfd:lockstep")
                .count
        }
        _ = try onRanks(2) { try $0.barrier() }
        // Other tests hold groups of their own meanwhile; a leak would grow with every round.
        let before = (try open(), try mapped())
        for _ in 0..<300 { _ = try onRanks(2) { try $0.barrier() } }
        let after = (try open(), try mapped())
        #expect(after.0 < before.0 + 300)
        #expect(after.1 < before.1 + 600)
    }
}

/// What a rank threw, if it did.
private func failure<Value>(of result: Result<Value, any Error>) -> SharedMemoryError? {
    if case .failure(let error) = result { return error as? SharedMemoryError }
    return nil
}
