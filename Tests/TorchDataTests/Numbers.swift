import TorchData

/// The samples are their own numbers.
struct Numbers: ConcurrentDataset {
    let count: Int
    var isInMemory = false

    func assemble(_ samples: BatchIndices) -> [Int] { Array(samples) }
    func batch(_ assembled: consuming [Int]) -> [Int] { assembled }
}

/// A number drawn for each sample.
struct RandomNumbers: ConcurrentDataset {
    let count: Int

    func assemble(_ samples: BatchIndices) -> [UInt64] {
        samples.indices.map { place in
            var draw = samples.draw(at: place)
            return draw.next()
        }
    }
    func batch(_ assembled: consuming [UInt64]) -> [UInt64] { assembled }
}

/// Fails at one sample.
struct Fragile: ConcurrentDataset {
    struct Damage: Error {}

    let count: Int
    let broken: Int

    func assemble(_ samples: BatchIndices) throws -> [Int] {
        if samples.contains(broken) { throw Damage() }
        return Array(samples)
    }
    func batch(_ assembled: consuming [Int]) -> [Int] { assembled }
}

/// All batches that are left.
func remaining<Batch>(_ iterator: BatchIterator<Batch>) throws -> [Batch] {
    var batches: [Batch] = []
    while let batch = try iterator.next() { batches.append(batch) }
    return batches
}
