public import Torch

/// Normalises each channel over the batch and the image (PyTorch's `BatchNorm2d`; Ioffe and Szegedy 2015).
///
/// Input and output (N, channels, height, width). In training the batch's statistics are used and the running ones
/// move towards them; in evaluation the running ones are used.
public final class BatchNorm2d: Module, Layer {
    /// Shape (channels), or nil without `affine`.
    @Parameter public var weight: Tensor?
    /// Shape (channels), or nil without `affine`.
    @Parameter public var bias: Tensor?
    /// Shape (channels), or nil when statistics are not tracked.
    @Buffer public var runningMean: Tensor?
    /// Shape (channels), or nil when statistics are not tracked.
    @Buffer public var runningVar: Tensor?
    /// How many batches were seen in training, or nil when statistics are not tracked.
    @Buffer public var numBatchesTracked: Tensor?
    /// The number of channels.
    public let channels: Int
    /// Added to the variance.
    public let eps: Double
    /// The weight of a new batch in the running statistics; nil for their plain mean.
    public let momentum: Double?

    /// A layer that changes nothing yet: weight one, bias zero, running mean zero and variance one.
    public init(
        _ channels: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true
    ) {
        weight = affine ? .ones([channels]) : nil
        bias = affine ? .zeros([channels]) : nil
        runningMean = trackRunningStats ? .zeros([channels]) : nil
        runningVar = trackRunningStats ? .ones([channels]) : nil
        numBatchesTracked = trackRunningStats ? .zeros([], dtype: .int64) : nil
        self.channels = channels
        self.eps = eps
        self.momentum = momentum
        super.init()
    }

    public override var signature: String { "BatchNorm2d(\(channels))" }

    /// Computes the output, and in training updates the running statistics.
    public func forward(_ input: Tensor) -> Tensor {
        guard input.dim == 4 else {
            stop("BatchNorm2d expects an input of 4 dimensions", operands: [input])
        }
        var factor = momentum ?? 0
        if isTraining, let tracked = numBatchesTracked {
            tracked += 1
            if momentum == nil { factor = 1 / tracked.item(as: Double.self) }
        }
        return Functional.batchNorm(
            input, weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVar,
            training: isTraining || runningMean == nil, momentum: factor, eps: eps)
    }
}
