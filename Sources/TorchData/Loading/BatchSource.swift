/// Where an iterator's batches come from.
protocol BatchSource<Batch>: AnyObject {
    associatedtype Batch

    /// Batch `number`; numbers are asked for in ascending order, none left out.
    func batch(_ number: Int) throws -> Batch
}

/// Makes each batch when it is asked for.
final class InlineSource<D: Dataset>: BatchSource {
    private let dataset: D
    private let batches: EpochBatches

    init(_ dataset: D, _ batches: EpochBatches) {
        self.dataset = dataset
        self.batches = batches
    }

    func batch(_ number: Int) throws -> D.Batch {
        let samples = batches[number]
        do {
            return try dataset.batch(at: samples)
        } catch {
            throw sampleFailure(error, batch: number, samples) { _ = try dataset.batch(at: $0) }
        }
    }
}

/// Assembles batches ahead on threads of its own, which end with it.
final class PrefetchingSource<D: ConcurrentDataset>: BatchSource {
    private let dataset: D
    private let batches: EpochBatches
    private let stalls: StallNotice
    private let window: PrefetchWindow<D.Assembled>
    private var threads: [WorkerThread] = []

    init(_ dataset: D, _ batches: EpochBatches, from first: Int, workers: Int, stalls: StallNotice) throws {
        self.dataset = dataset
        self.batches = batches
        self.stalls = stalls
        let workers = min(workers, batches.endIndex - first)
        // Two batches a worker: one that waits and one in the making.
        let window = PrefetchWindow<D.Assembled>(over: first..<batches.endIndex, width: 2 * workers, workers: workers)
        self.window = window
        for worker in 0..<workers {
            // The window alone is shared: a thread that held the source could be the one to end and wait for it.
            threads.append(
                try WorkerThread(name: "data-loader-\(worker)") {
                    window.work(worker) { number in
                        let samples = batches[number]
                        do {
                            return try dataset.assemble(samples)
                        } catch {
                            throw sampleFailure(error, batch: number, samples) { _ = try dataset.assemble($0) }
                        }
                    }
                })
        }
    }

    deinit {
        window.stop()
        for thread in threads { thread.join() }
    }

    func batch(_ number: Int) throws -> D.Batch {
        let assembled = try window.take(stallLimit: stalls.limit) { worker, waited in
            stalls.report(worker: worker, batch: number, samples: batches[number], waited: waited)
        }
        return dataset.batch(assembled)
    }
}

/// The error of a batch, with the sample that caused it: the first that fails on its own.
private func sampleFailure(
    _ error: any Error, batch: Int, _ samples: BatchIndices, attempt: (BatchIndices) throws -> Void
) -> any Error {
    if error is DataError || error is CancellationError { return error }
    for sample in samples {
        do {
            try attempt(samples.only(sample))
        } catch {
            return DataError(
                .sampleFailed, "sample \(sample), in batch \(batch) of epoch \(samples.epoch), could not be read.",
                cause: error)
        }
    }
    return DataError(
        .sampleFailed,
        "batch \(batch) of epoch \(samples.epoch) could not be made, although each of its samples could be read alone: "
            + samples.abridged + ".",
        cause: error)
}

extension BatchIndices {
    fileprivate func only(_ sample: Int) -> BatchIndices {
        BatchIndices(CollectionOfOne(sample), epoch: epoch, seed: seed)
    }

    /// The first samples in words.
    var abridged: String {
        let shown = prefix(8).map(String.init).joined(separator: ", ")
        return "samples \(shown)" + (count > 8 ? ", … (\(count))" : "")
    }
}
