import Foundation
import Torch

/// The one thread that training runs on.
///
/// LibTorch keeps the gradient mode, the current device and OpenMP's pool of threads for each thread, so the loop must
/// not wander between the threads of the concurrency runtime.
final class TrainingThread: TaskExecutor, @unchecked Sendable {
    // Guards the two below it.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isStopping = false

    /// Starts the thread; `setUp` runs on it first.
    init(setUp: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            nameThisThread("training")  // Foundation's way gets lost when the thread is faster than its creator
            setUp()
            while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
        thread.stackSize = 64 << 20  // autograd and deep models recurse
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Ends the thread when the jobs that are there have run.
    func stop() {
        condition.lock()
        isStopping = true
        condition.signal()
        condition.unlock()
    }

    private func next() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty {
            if isStopping { return nil }
            condition.wait()
        }
        return jobs.removeFirst()
    }
}
