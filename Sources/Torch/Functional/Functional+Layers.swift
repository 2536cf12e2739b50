import CTorch

extension Functional {
    /// `input · weightᵀ + bias`.
    ///
    /// - Parameters:
    ///   - input: (…, inputs)
    ///   - weight: (outputs, inputs)
    ///   - bias: (outputs)
    /// - Returns: (…, outputs)
    public static func linear(_ input: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
        withExtendedLifetime((input, weight, bias)) {
            taken(ct_linear(input.handle, weight.handle, bias?.handle), "linear", [input, weight, bias])
        }
    }

    /// A two-dimensional convolution (cross-correlation, as in PyTorch).
    ///
    /// - Parameters:
    ///   - input: (N, channels, height, width)
    ///   - weight: (outputs, channels / groups, kernel height, kernel width)
    ///   - bias: (outputs)
    ///   - stride: the step of the kernel
    ///   - padding: zeros added on each side
    ///   - dilation: the distance between the kernel's taps
    ///   - groups: how many groups the channels are divided into
    public static func conv2d(
        _ input: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Size2D = 1, padding: Size2D = 0,
        dilation: Size2D = 1, groups: Int = 1
    ) -> Tensor {
        withExtendedLifetime((input, weight, bias)) {
            stride.withPair { stride in
                padding.withPair { padding in
                    dilation.withPair { dilation in
                        taken(
                            ct_conv2d(
                                input.handle, weight.handle, bias?.handle, stride, padding, dilation, Int64(groups)),
                            "conv2d", [input, weight, bias])
                    }
                }
            }
        }
    }

    /// Normalises each channel over the batch, with batch statistics in training and running ones otherwise.
    ///
    /// In training, `runningMean` and `runningVariance` move towards the batch's by `momentum`, in place.
    public static func batchNorm(
        _ input: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVariance: Tensor?,
        training: Bool, momentum: Double, eps: Double
    ) -> Tensor {
        withExtendedLifetime((input, weight, bias, runningMean, runningVariance)) {
            taken(
                ct_batch_norm(
                    input.handle, weight?.handle, bias?.handle, runningMean?.handle, runningVariance?.handle, training,
                    momentum, eps),
                "batchNorm", [input, weight, bias, runningMean, runningVariance])
        }
    }

    /// `relu(batchNorm(input) + residual)` in one operation, which passes over the image fewer times.
    ///
    /// - Parameters:
    ///   - input: (N, channels, height, width)
    ///   - residual: in the shape of the input, or nil
    ///   - batches: one `int64`, which is advanced in training
    ///   - rectified: whether negative numbers become zero at the end
    package static func rectifiedBatchNorm(
        _ input: Tensor, residual: Tensor?, weight: Tensor?, bias: Tensor?, runningMean: Tensor?,
        runningVariance: Tensor?, batches: Tensor?, training: Bool, momentum: Double, eps: Double, rectified: Bool
    ) -> Tensor {
        withExtendedLifetime((input, residual, weight, bias, runningMean, runningVariance, batches)) {
            taken(
                ct_rectified_batch_norm(
                    input.handle, residual?.handle, weight?.handle, bias?.handle, runningMean?.handle,
                    runningVariance?.handle, batches?.handle, training, momentum, eps, rectified),
                "batchNorm", [input, residual, weight, bias, runningMean, runningVariance])
        }
    }

    /// The same weight of a convolution, laid out in memory by taps, inputs and outputs.
    ///
    /// In this order the taps that ever meet an input are contiguous, and convolutions of small images are computed by
    /// their taps.
    package static func tapMajor(_ weight: Tensor) -> Tensor {
        weight.mapped("tapMajor") { ct_tap_major($0) }
    }

    /// The largest element of each window; (N, C, H, W) → (N, C, H', W').
    public static func maxPool2d(
        _ input: Tensor, kernelSize: Size2D, stride: Size2D? = nil, padding: Size2D = 0, dilation: Size2D = 1,
        ceilMode: Bool = false
    ) -> Tensor {
        kernelSize.withPair { kernel in
            (stride ?? kernelSize).withPair { stride in
                padding.withPair { padding in
                    dilation.withPair { dilation in
                        input.mapped("maxPool2d") { ct_max_pool2d($0, kernel, stride, padding, dilation, ceilMode) }
                    }
                }
            }
        }
    }

    /// The mean of each window; (N, C, H, W) → (N, C, H', W').
    public static func avgPool2d(
        _ input: Tensor, kernelSize: Size2D, stride: Size2D? = nil, padding: Size2D = 0, ceilMode: Bool = false,
        countIncludePad: Bool = true
    ) -> Tensor {
        kernelSize.withPair { kernel in
            (stride ?? kernelSize).withPair { stride in
                padding.withPair { padding in
                    input.mapped("avgPool2d") { ct_avg_pool2d($0, kernel, stride, padding, ceilMode, countIncludePad) }
                }
            }
        }
    }

    /// Means over windows chosen so that the output has a given size; (N, C, H, W) → (N, C, height, width).
    public static func adaptiveAvgPool2d(_ input: Tensor, outputSize: Size2D) -> Tensor {
        outputSize.withPair { output in input.mapped("adaptiveAvgPool2d") { ct_adaptive_avg_pool2d($0, output) } }
    }

    /// The Gaussian error linear unit, exact or by its tanh approximation.
    public static func gelu(_ input: Tensor, tanhApproximation: Bool = false) -> Tensor {
        input.mapped("gelu") { ct_gelu($0, tanhApproximation) }
    }

    /// Normalises over the last dimensions, whose sizes are `normalizedShape`.
    public static func layerNorm(
        _ input: Tensor, normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) -> Tensor {
        withExtendedLifetime((weight, bias)) {
            withDimensions(normalizedShape) { sizes, count in
                withExtendedLifetime(input) {
                    taken(
                        ct_layer_norm(input.handle, sizes, count, weight?.handle, bias?.handle, eps), "layerNorm",
                        [input, weight, bias])
                }
            }
        }
    }

    /// The rows of `weight` with the given numbers; (…) → (…, dimension).
    ///
    /// - Parameters:
    ///   - indices: numbers of rows, of any shape
    ///   - weight: (rows, dimension)
    ///   - paddingIndex: a row that receives no gradient
    public static func embedding(_ indices: Tensor, weight: Tensor, paddingIndex: Int? = nil) -> Tensor {
        weight.mapped("embedding", indices) { ct_embedding($0, $1, Int64(paddingIndex ?? -1)) }
    }

    /// Sets each element to zero with probability `p` and scales the rest by 1 / (1 - p).
    ///
    /// Draws the numbers that PyTorch's CPU dropout draws from the same stream.
    public static func dropout(
        _ input: Tensor, p: Double, training: Bool, generator: Generator? = nil
    ) -> Tensor {
        guard training, p > 0 else { return input }
        guard p < 1 else { return input * 0 }
        let noise = Tensor.empty(like: input).bernoulli(1 - p, generator: generator)
        noise /= (1 - p)
        return input * noise
    }
}
