import Foundation
import Synchronization
import Testing

@testable import TorchData

@Suite("Prefetching", .serialized)
struct PrefetchTests {
    @Test("1,000 loops that are left early leave no thread and no descriptor, with 64 descriptors at most")
    func leavingEarly() async {
        // A process of its own, where nobody else starts threads or opens files.
        await #expect(processExitsWith: .success) {
            func entries(_ folder: String) throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: folder)
            }
            func loaderThreads() throws -> Int {
                try entries("/proc/self/task").count { thread in
                    let name = try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)
                    return name?.hasPrefix("data-loader") == true
                }
            }
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)

            let loader = DataLoader(Numbers(count: 1000), batchSize: 2, workers: 3)
            let iterator = loader.batches(epoch: 0)
            _ = try iterator.next()
            #expect(try loaderThreads() > 0)
            _ = try remaining(iterator)
            let descriptors = try entries("/proc/self/fd").count
            for round in 0..<1000 {
                var taken = 0
                for try await _ in loader {
                    taken += 1
                    if taken > round % 4 { break }
                }
            }
            #expect(try loaderThreads() == 0)
            #expect(try entries("/proc/self/fd").count == descriptors)
        }
    }

    @Test("an iterator's threads have ended when it is gone")
    func threadsAreJoined() throws {
        final class Life: Sendable {
            let count = Atomic(0)
        }
        struct Counting: ConcurrentDataset {
            let life: Life
            let count = 100
            func assemble(_ samples: BatchIndices) -> Int {
                life.count.add(1, ordering: .relaxed)
                defer { life.count.subtract(1, ordering: .relaxed) }
                usleep(200)
                return samples.count
            }
            func batch(_ assembled: consuming Int) -> Int { assembled }
        }
        let life = Life()
        for _ in 0..<50 {
            do {
                let iterator = DataLoader(Counting(life: life), batchSize: 1, workers: 4).batches(epoch: 0)
                _ = try iterator.next()
            }
            #expect(life.count.load(ordering: .relaxed) == 0)
        }
    }

    @Test("no more than two batches a worker are ahead", arguments: [1, 3])
    func windowIsBounded(workers: Int) throws {
        let window = PrefetchWindow<Int>(over: 0..<100, width: 2 * workers, workers: workers)
        let started = Atomic(0)
        try withExtendedLifetime(started) {
            let highest = Mutex(0)
            let threads = try (0..<workers).map { worker in
                try WorkerThread(name: "prefetch-test") {
                    window.work(worker) { number in
                        highest.withLock { $0 = max($0, number) }
                        return number
                    }
                }
            }
            for number in 0..<100 {
                #expect(highest.withLock { $0 } < number + 2 * workers)
                #expect(try window.take(stallLimit: .seconds(60)) { _, _ in } == number)
            }
            window.stop()
            for thread in threads { thread.join() }
        }
    }

    @Test("a batch that does not come is reported with worker, batch and samples")
    func stallIsReported() throws {
        struct Gated: ConcurrentDataset {
            let count = 4
            let gate: DispatchSemaphore
            func assemble(_ samples: BatchIndices) -> [Int] {
                gate.wait()
                return Array(samples)
            }
            func batch(_ assembled: consuming [Int]) -> [Int] { assembled }
        }
        let gate = DispatchSemaphore(value: 0)
        let lines = Mutex<[String]>([])
        let loader = DataLoader(Gated(gate: gate), batchSize: 4, shuffle: false, workers: 1)
        loader.stalls.limit = .milliseconds(5)
        loader.stallNotice = { line in
            lines.withLock { $0.append(line) }
            gate.signal()
        }
        #expect(try loader.batches(epoch: 6).next() == [0, 1, 2, 3])
        let first = try #require(lines.withLock { $0.first })
        #expect(first.contains("worker 0 has been on batch 0 of epoch 6 (samples 0, 1, 2, 3)"))
    }
}
