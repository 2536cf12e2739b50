/// How gradients are averaged over the ranks; the names are those of PyTorch's `DistributedDataParallel`.
public struct DataParallelOptions: Sendable {
    /// What gradients are sent as.
    public enum Compression: String, CaseIterable, Sendable {
        /// As they are.
        case none
        /// In half precision: half the data, and what rounding costs (PyTorch's `fp16_compress_hook`).
        case float16
    }

    /// When gradients are averaged.
    package enum Averaging: String, Sendable {
        /// In buckets while the backward pass goes on, by c10d's reducer.
        case inBuckets
        /// All together after the backward pass, where they lie: in shared memory where the ranks have such.
        case atOnce
    }

    /// The size of a bucket: gradients that are sent together, while the backward pass goes on.
    public var bucketMegabytes = 25.0
    /// The size of the first bucket, which should leave soon.
    public var firstBucketMegabytes = 1.0
    /// Whether parameters may get no gradient in a step.
    ///
    /// The graph is searched in every step then, and such parameters count as zero; otherwise one without a gradient is
    /// an error in the same step.
    public var findUnusedParameters = false
    /// Whether all ranks take over rank 0's buffers before a forward pass in training.
    public var broadcastBuffers = true
    /// Whether gradients are views of the buckets, which saves a copy.
    public var gradientAsBucketView = false
    /// What gradients are sent as.
    public var compression = Compression.none
    /// When gradients are averaged; if nil at once where the ranks share memory, as far as that is possible.
    package var averaging: Averaging?

    /// PyTorch's defaults.
    public init() {}
}
