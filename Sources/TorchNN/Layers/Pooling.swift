public import Torch

/// The largest element of each window (PyTorch's `MaxPool2d`).
public final class MaxPool2d: Module, Layer {
    /// The window.
    public let kernelSize: Size2D
    /// The step of the window.
    public let stride: Size2D
    /// Added on each side, never the largest.
    public let padding: Size2D
    /// The distance between the window's elements.
    public let dilation: Size2D
    /// Whether windows that reach over the edge count.
    public let ceilMode: Bool

    /// A pooling layer; the step is the window's size unless given.
    public init(
        kernelSize: Size2D, stride: Size2D? = nil, padding: Size2D = 0, dilation: Size2D = 1, ceilMode: Bool = false
    ) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.dilation = dilation
        self.ceilMode = ceilMode
    }

    public override var signature: String {
        "MaxPool2d(kernelSize: \(kernelSize), stride: \(stride), padding: \(padding))"
    }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.maxPool2d(
            input, kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
}

/// The mean of each window (PyTorch's `AvgPool2d`).
public final class AvgPool2d: Module, Layer {
    /// The window.
    public let kernelSize: Size2D
    /// The step of the window.
    public let stride: Size2D
    /// Zeros added on each side.
    public let padding: Size2D
    /// Whether windows that reach over the edge count.
    public let ceilMode: Bool
    /// Whether the added zeros count in the mean.
    public let countIncludePad: Bool

    /// A pooling layer; the step is the window's size unless given.
    public init(
        kernelSize: Size2D, stride: Size2D? = nil, padding: Size2D = 0, ceilMode: Bool = false,
        countIncludePad: Bool = true
    ) {
        self.kernelSize = kernelSize
        self.stride = stride ?? kernelSize
        self.padding = padding
        self.ceilMode = ceilMode
        self.countIncludePad = countIncludePad
    }

    public override var signature: String {
        "AvgPool2d(kernelSize: \(kernelSize), stride: \(stride), padding: \(padding))"
    }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.avgPool2d(
            input, kernelSize: kernelSize, stride: stride, padding: padding, ceilMode: ceilMode,
            countIncludePad: countIncludePad)
    }
}

/// Means over windows chosen so that the output has a given size (PyTorch's `AdaptiveAvgPool2d`).
public final class AdaptiveAvgPool2d: Module, Layer {
    /// The size of the output.
    public let outputSize: Size2D

    /// A pooling layer with an output of one size, whatever the input's.
    public init(_ outputSize: Size2D) {
        self.outputSize = outputSize
    }

    public override var signature: String { "AdaptiveAvgPool2d(\(outputSize))" }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.adaptiveAvgPool2d(input, outputSize: outputSize)
    }
}
