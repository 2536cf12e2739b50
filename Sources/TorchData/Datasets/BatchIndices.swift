public import Torch

/// The samples of one batch, by their number in the data set, with what random transforms draw from.
///
/// ```swift
/// let batch = try dataset.batch(at: [0, 4, 2])
/// ```
public struct BatchIndices: Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
    /// The epoch's order is shared by all its batches.
    private let samples: ArraySlice<Int>

    /// The epoch that the batch belongs to, counted from 0.
    public let epoch: Int

    /// The seed of the run.
    public let seed: UInt64

    /// The samples of a batch.
    public init(_ samples: some Sequence<Int>, epoch: Int = 0, seed: UInt64 = 0) {
        self.init(slice: ArraySlice(samples), epoch: epoch, seed: seed)
    }

    /// The samples of a batch of epoch 0.
    public init(arrayLiteral elements: Int...) {
        self.init(slice: elements[...], epoch: 0, seed: 0)
    }

    init(slice: ArraySlice<Int>, epoch: Int, seed: UInt64) {
        self.samples = slice
        self.epoch = epoch
        self.seed = seed
    }

    /// 0.
    public var startIndex: Int { 0 }
    /// The number of samples.
    public var endIndex: Int { samples.count }
    /// The sample in a place of the batch.
    public subscript(position: Int) -> Int { samples[samples.startIndex + position] }

    /// Runs `body` with the samples as they lie in memory.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Int>) throws -> Result
    ) rethrows -> Result? {
        try samples.withContiguousStorageIfAvailable(body)
    }

    /// Other samples in the same epoch.
    public func replacing(_ transform: (Int) throws -> Int) rethrows -> BatchIndices {
        BatchIndices(slice: try samples.map(transform)[...], epoch: epoch, seed: seed)
    }

    /// The random numbers of the sample in a place of the batch; see ``SampleDraw``.
    public func draw(at position: Int) -> SampleDraw {
        SampleDraw(seed: seed, epoch: epoch, sample: self[position])
    }

    /// Checks that a data set has all the samples.
    ///
    /// - Throws: ``DataError`` with `indexOutOfRange`, which names the first index that there is not, and the count.
    public func check(count: Int) throws {
        for sample in samples where sample < 0 || sample >= count {
            throw DataError(
                .indexOutOfRange,
                "sample \(sample) was asked for, but the data set has \(count)"
                    + (count == 0 ? "." : ": 0...\(count - 1). Check the sampler's count."))
        }
    }

    /// The indices as a tensor: `int64`, one dimension.
    public var tensor: Tensor {
        let tensor = Tensor.empty([count], dtype: .int64)
        tensor.withUnsafeMutableBytes { bytes in
            samples.withUnsafeBytes { bytes.copyMemory(from: $0) }
        }
        return tensor
    }
}

extension Tensor {
    /// The rows of a batch, copied: the first dimension indexed by the batch's samples (PyTorch's `index_select`).
    public subscript(samples: BatchIndices) -> Tensor { rows(samples) }
}
