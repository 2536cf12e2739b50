import Foundation

/// Ends this process in the middle of a message that Gloo sends, so that a part of it has arrived.
enum InterruptedTransfer {
    private static let bytesPerSecond: UInt32 = 10_000_000

    /// Lets all connections send slowly from now on, and kills this process after a while.
    static func kill(after seconds: Double) {
        for number in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let descriptor = Int32(number) else { continue }
            var rate = bytesPerSecond
            setsockopt(descriptor, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, socklen_t(MemoryLayout.size(ofValue: rate)))
        }
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: seconds)
            Glibc.kill(getpid(), SIGKILL)
        }
    }
}
