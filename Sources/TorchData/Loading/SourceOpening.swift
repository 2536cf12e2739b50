/// Begins an epoch's batches from one of them on, with a number of workers.
typealias SourceOpening<D: Dataset> =
    (_ dataset: D, _ batches: EpochBatches, _ first: Int, _ workers: Int, _ stalls: StallNotice) throws
    -> any BatchSource<D.Batch>

func inlineSource<D: Dataset>(
    _ dataset: D, _ batches: EpochBatches, from first: Int, workers: Int, stalls: StallNotice
) throws -> any BatchSource<D.Batch> {
    try BatchIndices(slice: batches.order[...], epoch: batches.epoch, seed: batches.seed).check(count: dataset.count)
    return InlineSource(dataset, batches)
}

func concurrentSource<D: ConcurrentDataset>(
    _ dataset: D, _ batches: EpochBatches, from first: Int, workers: Int, stalls: StallNotice
) throws -> any BatchSource<D.Batch> {
    guard workers >= 0 else {
        throw DataError(.invalidWorkerCount, "a loader with \(workers) workers was asked for; give 0 or more.")
    }
    let inline = try inlineSource(dataset, batches, from: first, workers: 0, stalls: stalls)
    guard workers > 0, first < batches.endIndex else { return inline }
    return try PrefetchingSource(dataset, batches, from: first, workers: workers, stalls: stalls)
}
