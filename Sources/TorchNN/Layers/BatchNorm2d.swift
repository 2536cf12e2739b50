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
    /// What sums over the parts of a batch that is spread over several ranks; nil where a call has the whole batch.
    package var totals: (any BatchTotals)?

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
        forward(input, adding: nil, rectified: false)
    }

    /// The output with what follows it in a residual network: `residual` is added, and negative numbers become zero.
    ///
    /// It is the same as `relu(norm(input) + residual)`, in fewer passes over the image.
    package func callAsFunction(_ input: Tensor, adding residual: Tensor?, rectified: Bool) -> Tensor {
        calling { forward(input, adding: residual, rectified: rectified) }
    }

    private func forward(_ input: Tensor, adding residual: Tensor?, rectified: Bool) -> Tensor {
        guard input.dim == 4 else {
            stop("BatchNorm2d expects an input of 4 dimensions", operands: [input])
        }
        if isTraining, totals != nil || momentum == nil {
            var output = forwardCounting(input)
            if let residual { output = output + residual }
            return rectified ? output.relu() : output
        }
        return Functional.rectifiedBatchNorm(
            input, residual: residual, weight: weight, bias: bias, runningMean: runningMean,
            runningVariance: runningVar, batches: isTraining ? numBatchesTracked : nil,
            training: isTraining || runningMean == nil, momentum: momentum ?? 0, eps: eps, rectified: rectified)
    }

    /// The output in training with statistics of several ranks, or with running ones that are a plain mean.
    private func forwardCounting(_ input: Tensor) -> Tensor {
        var factor = momentum ?? 0
        if let tracked = numBatchesTracked {
            tracked += 1
            if momentum == nil { factor = 1 / tracked.item(as: Double.self) }
        }
        if let totals { return normalized(input, over: totals, momentum: factor) }
        return Functional.batchNorm(
            input, weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVar, training: true,
            momentum: factor, eps: eps)
    }

    /// The output with the statistics of all parts of the batch; updates the running ones.
    private func normalized(_ input: Tensor, over totals: any BatchTotals, momentum: Double) -> Tensor {
        // Half precision cannot count the elements of an image.
        let isHalf = input.dtype == .float16 || input.dtype == .bfloat16
        let values = isHalf ? input.to(.float32) : input
        let dims = [0, 2, 3]
        let own = Tensor.full([1], input.count / max(1, channels), dtype: values.dtype)
        let sums = totals.total(Tensor.cat([values.sum(dims: dims), own]))
        let count = sums[channels]
        let mean = sums[0..<channels] / count
        // The deviations are summed in a second pass: the difference of large sums would lose the variance's digits.
        let deviations = values - mean.reshape(1, channels, 1, 1)
        let variance = totals.total(deviations.square().sum(dims: dims)) / count
        withoutGradients {
            runningMean?.lerpInPlace(mean.to(runningMean?.dtype ?? mean.dtype), weight: momentum)
            // As PyTorch: the running variance is the unbiased one.
            let unbiased = variance * (count / (count - 1))
            runningVar?.lerpInPlace(unbiased.to(runningVar?.dtype ?? unbiased.dtype), weight: momentum)
        }
        var output = deviations * (variance + eps).rsqrt().reshape(1, channels, 1, 1)
        if let weight { output = output * weight.reshape(1, channels, 1, 1) }
        if let bias { output = output + bias.reshape(1, channels, 1, 1) }
        return isHalf ? output.to(input.dtype) : output
    }
}

/// Adds up over the parts of a batch that is spread over several ranks.
package protocol BatchTotals: AnyObject {
    /// The sum of all parts' tensors, through which gradients pass.
    func total(_ tensor: Tensor) -> Tensor
}
