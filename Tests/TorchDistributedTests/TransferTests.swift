import LockstepTesting
import Testing
import Torch
import TorchDistributed

/// Messages between two ranks.
@Suite struct TransferTests {
    @Test("ranks that all send before they receive get everything", arguments: ProcessGroup.Backend.allCases, [2, 3])
    func sendFirst(backend: ProcessGroup.Backend, worldSize: Int) throws {
        let results = try onRanks(worldSize, backend: backend) { group in
            let others = (0..<worldSize).filter { $0 != group.rank }
            // Short ones, and one of several megabytes.
            let sizes = [1, 4000, 5000, 1_000_000]
            let sent = try others.flatMap { other in
                try sizes.enumerated().map { tag, size in
                    try group.send(Tensor.ones([size]) * (group.rank + 1), to: other, tag: tag)
                }
            }
            let received = try others.flatMap { other in
                try sizes.enumerated().reversed().map { tag, size in
                    let output = Tensor.zeros([size])
                    try group.receive(into: output, from: other, tag: tag).wait()
                    return output.sum().item(as: Float.self) == Float(size * (other + 1))
                }
            }
            for work in sent { try work.wait() }
            return received.allSatisfy { $0 }
        }
        #expect(results == Array(repeating: true, count: worldSize))
    }

    @Test("more messages than fit anywhere are all received, in order")
    func flood() throws {
        let count = 3000
        let results = try onRanks(2, backend: .shm) { group in
            let other = 1 - group.rank
            let sent = try (0..<count).map { try group.send(Tensor.ones([500]) * $0, to: other) }
            for work in sent { try work.wait() }
            let outputs = (0..<count).map { _ in Tensor.zeros([500]) }
            let works = try outputs.map { try group.receive(into: $0, from: other) }
            // Whatever the order of waiting, messages go to the receives in the order in which these were started.
            for work in works.reversed() { try work.wait() }
            return outputs.enumerated().allSatisfy { $1[499].item(as: Float.self) == Float($0) }
        }
        #expect(results == [true, true])
    }

    @Test("a message of another size is an error that names both")
    func size() throws {
        let results = try resultsOnRanks(2, backend: .shm) { group in
            if group.rank == 0 {
                try group.send(.ones([3]), to: 1, tag: 7).wait()
            } else {
                try group.receive(into: .ones([4]), from: 0, tag: 7).wait()
            }
        }
        let error = errors(results).first
        #expect(error?.missing(["rank 0 sent 12 bytes where 16 are received, with tag 7"]) == [])
    }

    @Test("a rank that ends is named by the one that waits for its message")
    func ended() throws {
        struct Stop: Error {}
        let results = try resultsOnRanks(2, backend: .shm) { group in
            if group.rank == 1 { throw Stop() }
            try group.receive(into: .ones([4]), from: 1).wait()
        }
        guard case .failure(let error as DistributedError) = results[0] else {
            Issue.record("rank 0 received something")
            return
        }
        #expect(error.code == .connectionLost && error.message.contains("rank 1"))
    }
}
