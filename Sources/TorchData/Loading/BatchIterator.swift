/// The batches of one epoch, one after the other.
///
/// `for try await` takes them on the caller's own thread, and so does the synchronous ``next()``. Where worker threads
/// prepare batches, they start with the first call and have ended when the iterator is gone or has given its last batch.
public final class BatchIterator<Batch>: AsyncSequence, AsyncIteratorProtocol {
    /// A batch.
    public typealias Element = Batch
    /// Whatever the data set throws, with the sample named.
    public typealias Failure = any Error

    /// The epoch.
    public let epoch: Int
    /// The number of batches of the whole epoch.
    public let batchCount: Int
    /// The number of the batch that ``next()`` gives, counted from 0 in the epoch: where to go on after a resume.
    public private(set) var position: Int

    private let open: () throws -> any BatchSource<Batch>
    private var source: (any BatchSource<Batch>)?

    init(epoch: Int, batchCount: Int, from first: Int, open: @escaping () throws -> any BatchSource<Batch>) {
        self.epoch = epoch
        self.batchCount = batchCount
        self.position = first
        self.open = open
    }

    /// The next batch, or nil after the last; blocks until it is there.
    ///
    /// - Throws: ``DataError`` with `sampleFailed` for a sample that could not be read; a further call goes on with the
    ///   batch after it.
    public func next() throws -> Batch? {
        guard let source = try source ?? opened() else { return nil }
        let number = position
        position += 1
        if position >= batchCount { self.source = nil }
        return try source.batch(number)
    }

    private func opened() throws -> (any BatchSource<Batch>)? {
        // A loader that cannot work says so even where it would have no batch to give.
        guard position < batchCount || batchCount == 0 else { return nil }
        let source = try open()
        guard position < batchCount else { return nil }
        self.source = source
        return source
    }

    /// The next batch, or nil after the last.
    ///
    /// - Throws: as ``next()``, and `CancellationError` where the task was cancelled.
    public func next(isolation actor: isolated (any Actor)?) async throws -> Batch? {
        try Task.checkCancellation()
        return try next()
    }

    /// Itself: the batches that have not been taken yet.
    public func makeAsyncIterator() -> BatchIterator<Batch> { self }
}

@available(*, unavailable)
extension BatchIterator: Sendable {}
