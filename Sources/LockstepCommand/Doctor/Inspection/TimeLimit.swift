import Foundation

/// Runs blocking work on a thread of its own, and stops waiting for it after a while.
///
/// The work goes on where it took too long, and its result is dropped.
///
/// - Returns: the result; nil where the time is up.
func result<Value: Sendable>(within limit: Duration, of work: @escaping @Sendable () -> Value) async -> Value? {
    let (answers, continuation) = AsyncStream.makeStream(of: Value?.self)
    Thread.detachNewThread { continuation.yield(work()) }
    let clock = Task {
        try? await Task.sleep(for: limit)
        continuation.yield(nil)
    }
    defer { clock.cancel() }
    for await answer in answers { return answer }
    return nil
}
