import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed

@Suite struct WorkTests {
    @Test("works in flight may be waited for in any order", arguments: ProcessGroup.Backend.allCases)
    func order(backend: ProcessGroup.Backend) throws {
        let results = try onRanks(3, backend: backend) { group in
            let works = try (0..<3).map { number in
                try group.allReduce(Tensor(copying: [Float(group.rank * (number + 1))]))
            }
            return try [2, 0, 1].map { try works[$0].wait().item(as: Float.self) }
        }
        #expect(results == Array(repeating: [9, 3, 6], count: 3))
    }

    @Test("a work that is dropped does not disturb the next", arguments: ProcessGroup.Backend.allCases)
    func dropped(backend: ProcessGroup.Backend) throws {
        let results = try onRanks(2, backend: backend) { group in
            for _ in 0..<20 { _ = try group.allReduce(.ones([1000])) }
            return try group.allReduce(Tensor(copying: [Float(1)])).wait().item(as: Float.self)
        }
        #expect(results == [2, 2])
    }

    @Test("a group may be dropped while a work waits for other ranks", arguments: ProcessGroup.Backend.allCases)
    func droppedGroup(backend: ProcessGroup.Backend) throws {
        let start = ContinuousClock.now
        let results = try resultsOnRanks(2, backend: backend) { group in
            guard group.rank == 0 else { return }
            _ = try group.allReduce(.ones([4]))
            throw DistributedError(.failed, "something else")
        }
        #expect(start.duration(to: .now) < .seconds(3))
        #expect(throws: DistributedError.self) { try results[0].get() }
    }

    @Test("a work tells when it has ended, and gives its result again", arguments: ProcessGroup.Backend.allCases)
    func completion(backend: ProcessGroup.Backend) throws {
        try onRanks(2, backend: backend) { group in
            let work = try group.allReduce(.ones([4]))
            try work.wait()
            #expect(work.isCompleted)
            #expect(try work.wait().array(of: Float.self) == [2, 2, 2, 2])
        }
    }

    @Test("a tensor that requires gradients is reduced in place", arguments: ProcessGroup.Backend.allCases)
    func parameter(backend: ProcessGroup.Backend) throws {
        try onRanks(2, backend: backend) { group in
            let tensor = Tensor.ones([3]).requiringGrad()
            try group.allReduce(tensor).wait()
            #expect(tensor.detach().array(of: Float.self) == [2, 2, 2])
            #expect(tensor.requiresGrad && tensor.isLeaf)
        }
    }
}
