import Foundation
import Synchronization
import Torch
import TorchDistributed
import TorchNN

/// Groups and models that come and go.
enum Lifetimes {
    /// Threads, descriptors and tensors after 20 rounds, and after 200: nothing may be left of a round.
    static func counts(_ backend: ProcessGroup.Backend?) throws -> [Int] {
        for _ in 0..<20 { try round(backend) }
        let before = settled()
        for _ in 0..<180 { try round(backend) }
        return before + settled()
    }

    /// Two ranks that make a group, a subgroup and a model, take a step, and drop all of it.
    private static func round(_ backend: ProcessGroup.Backend?) throws {
        let store = try Store.inProcess(timeout: .seconds(20))
        let failure = Mutex<(any Error)?>(nil)
        let done = DispatchGroup()
        for rank in 0..<2 {
            done.enter()
            Thread.detachNewThread {
                do {
                    try step(
                        backend == .hierarchical
                            ? ProcessGroup(
                                backend: backend, store: store, rank: rank, worldSize: 2, timeout: .seconds(30),
                                address: "127.0.0.1", onMachine: "\(rank)")
                            : ProcessGroup(
                                backend: backend, store: store, rank: rank, worldSize: 2, address: "127.0.0.1"))
                } catch {
                    failure.withLock { $0 = error }
                }
                done.leave()
            }
        }
        done.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private static func step(_ group: ProcessGroup) throws {
        LibTorch.threadCount = 1
        let pair = try group.subgroup([1, 0])
        try pair?.barrier().wait()
        let model = try DistributedDataParallel(SyncBatchNorm.convert(Model(), group: group), group: group)
        try model(.ones([2, 1, 4, 4])).sum().backward()
        try group.close()
    }

    private final class Model: Module, Layer {
        let convolution = Conv2d(1, 2, kernelSize: 3)
        let normalization = BatchNorm2d(2)
        func forward(_ input: Tensor) -> Tensor { normalization(convolution(input)) }
    }

    /// The counts once they have not changed for a while.
    private static func settled() -> [Int] {
        func count(_ folder: String) -> Int {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count) ?? 0
        }
        var counts: [Int] = []
        for _ in 0..<20 {
            let now = [count("task"), count("fd"), Tensor.liveCount]
            if now == counts { break }
            counts = now
            Thread.sleep(forTimeInterval: 0.2)
        }
        return counts
    }
}
