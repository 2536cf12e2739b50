import Foundation
import Testing

@testable import Lockstep

@Suite("The training thread")
struct TrainingThreadTests {
    @Test("runs a task on one thread, whatever it awaits")
    func oneThread() async {
        let thread = TrainingThread {}
        defer { thread.stop() }
        let names = await withTaskExecutorPreference(thread) {
            var names: [String?] = [threadName()]
            await Task.yield()
            names.append(threadName())
            await leaveAndReturn()
            names.append(threadName())
            return names
        }
        #expect(names == ["training", "training", "training"])
    }

    @Test("runs its set-up before anything else")
    func setUp() async {
        let thread = TrainingThread { mark(true) }
        defer { thread.stop() }
        let isMarked = await withTaskExecutorPreference(thread) { isThreadMarked() }
        #expect(isMarked)
    }
}

/// The system's name of the calling thread.
private func threadName() -> String? {
    try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8).trimmingCharacters(in: .newlines)
}

private func mark(_ value: Bool) { Thread.current.threadDictionary["marked"] = value }

private func isThreadMarked() -> Bool { Thread.current.threadDictionary["marked"] as? Bool ?? false }

/// Suspends on another executor.
private func leaveAndReturn() async {
    await Task.detached { await Task.yield() }.value
}
