import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// The memory of this process that is in use, in bytes.
private func residentMemory() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
}

// Each of these has a process of its own, because memory of other tests would be counted too.
@Suite struct DirectStepMemoryTests {
    /// Trains a chain of layers for ten thousand steps, and gives by how much the memory grew in the last eight thousand.
    private static func growth(_ group: ProcessGroup) throws -> Int {
        let model = try DistributedDataParallel(DirectAveragingTests.network(), group: group)
        let optimizer = Adam(model.parameters, learningRate: 0.001)
        var before = 0
        var wasDirect = true
        for step in 0..<10_000 {
            if step == 2000 {
                // The first look brings in code of its own, which was let go of after the start.
                _ = try residentMemory()
                try group.barrier().wait()
                before = try residentMemory()
            }
            let value = DirectAveragingTests.loss(model, rank: group.rank, step: step % 50, rows: 4)
            optimizer.zeroGrad()
            try value.backward()
            wasDirect = wasDirect && LayerChain.detour == nil
            try optimizer.step()
        }
        #expect(wasDirect)
        try group.barrier().wait()
        return try residentMemory() - before
    }

    @Test("ten thousand direct steps on one rank do not grow the memory")
    func oneRank() async {
        await #expect(processExitsWith: .success) {
            let growth = try onRanks(1) { try Self.growth($0) }
            #expect(growth[0] < 4 << 20, "8,000 steps took \(growth[0]) bytes")
        }
    }

    @Test("ten thousand direct steps on two ranks that share memory do not grow it")
    func twoRanks() async {
        await #expect(processExitsWith: .success) {
            let growth = try onRanks(2, backend: .shm) { try Self.growth($0) }
            #expect(growth.max() ?? .max < 4 << 20, "8,000 steps took \(growth) bytes")
        }
    }
}
