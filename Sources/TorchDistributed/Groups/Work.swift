import CTorch
import Torch

/// A collective in progress (PyTorch's `Work`).
///
/// The collective has been started when the work is handed out; its result may be used after one of both:
/// ```swift
/// let work = try group.allReduce(tensor)
/// // … something else meanwhile …
/// try work.wait()              // or: try await work.value
/// ```
/// Dropping a work does not stop the collective, but what it would give may never arrive in the tensor.
public final class Work<Result> {
    private let handle: ct_work?
    private let group: ProcessGroup
    private let operation: String
    private var finish: (() throws -> Result)?
    private var result: Result?

    /// - Parameter finish: what turns the buffers that c10d has filled into the result; called once.
    init(_ handle: ct_work?, of group: ProcessGroup, _ operation: String, finish: @escaping () throws -> Result) {
        self.handle = handle
        self.group = group
        self.operation = operation
        self.finish = finish
    }

    deinit { if let handle { ct_work_release(handle) } }

    /// Whether waiting would not take any time.
    public var isCompleted: Bool { handle.map { ct_work_is_completed($0) } ?? true }

    /// Waits on this thread until the collective has ended.
    ///
    /// - Parameter timeout: how long; the group's time limit holds in any case.
    /// - Returns: what the collective gives on this rank.
    /// - Throws: ``DistributedError``: another rank's failure, a difference between the ranks, or a time limit.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws -> Result {
        if let handle, result == nil, !ct_work_wait(handle, timeout?.milliseconds ?? -1) {
            let words = TorchError.last(operation).message
            // Not to wait any longer ends nothing.
            guard isCompleted else { throw DistributedError(.timedOut, "\(operation) has not ended yet: \(words)") }
            throw group.error(operation, saying: words)
        }
        return try taken()
    }

    /// Waits without holding a thread.
    ///
    /// - Throws: as ``wait(timeout:)``.
    public nonisolated(nonsending) var value: Result {
        get async throws {
            if result == nil, let handle {
                let failure = await withCheckedContinuation { continuation in
                    CompletionCall(continuation).register(with: handle)
                }
                if let failure { throw group.error(operation, saying: failure) }
            }
            return try taken()
        }
    }

    private func taken() throws -> Result {
        if let result { return result }
        guard let finish else { throw DistributedError(.failed, "\(operation): the result could not be taken before") }
        self.finish = nil
        let result = try finish()
        self.result = result
        return result
    }
}

@available(*, unavailable)
extension Work: Sendable {}

/// Resumes a continuation from c10d's thread.
private final class CompletionCall: Sendable {
    private let continuation: CheckedContinuation<String?, Never>

    init(_ continuation: CheckedContinuation<String?, Never>) {
        self.continuation = continuation
    }

    func register(with handle: ct_work) {
        ct_work_on_completion(
            handle,
            { context, succeeded, message in
                guard let context else { return }
                let call = Unmanaged<CompletionCall>.fromOpaque(context).takeRetainedValue()
                call.continuation.resume(
                    returning: succeeded ? nil : message.map { String(cString: $0) } ?? "it failed without a message")
            }, Unmanaged.passRetained(self).toOpaque())
    }
}
