public import Torch

/// A two-dimensional convolution (PyTorch's `Conv2d` with zero padding).
///
/// Input (N, inputs, height, width), output (N, outputs, height', width').
public final class Conv2d: Module, Layer {
    /// Shape (outputs, inputs / groups, kernel height, kernel width).
    @Parameter public var weight: Tensor
    /// Shape (outputs), or nil.
    @Parameter public var bias: Tensor?
    /// The step of the kernel.
    public let stride: Size2D
    /// Zeros added on each side.
    public let padding: Size2D
    /// The distance between the kernel's taps.
    public let dilation: Size2D
    /// How many groups the channels are divided into.
    public let groups: Int

    /// A layer with PyTorch's start values.
    ///
    /// - Parameters:
    ///   - inputs: the channels of an input.
    ///   - outputs: the channels of an output.
    ///   - kernelSize: the size of the kernel.
    ///   - stride: the step of the kernel.
    ///   - padding: zeros added on each side.
    ///   - dilation: the distance between the kernel's taps.
    ///   - groups: how many groups the channels are divided into.
    ///   - bias: whether there is a bias.
    ///   - generator: draws the start values; the process-wide one if nil.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Size2D, stride: Size2D = 1, padding: Size2D = 0,
        dilation: Size2D = 1, groups: Int = 1, bias: Bool = true, generator: Generator? = nil
    ) {
        guard groups > 0, inputs % groups == 0, outputs % groups == 0 else {
            stop("Conv2d: \(groups) groups do not divide \(inputs) inputs and \(outputs) outputs", operands: [])
        }
        let weight = Tensor.empty([outputs, inputs / groups, kernelSize.height, kernelSize.width])
        // The order of memory in which convolutions by taps read it; the shape, and what is saved, stay as they are.
        self.weight = groups == 1 ? Functional.tapMajor(weight) : weight
        self.bias = bias ? .empty([outputs]) : nil
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        super.init()
        Initialization.resetLinearLike(weight: self.weight, bias: self.bias, generator: generator)
    }

    public override var signature: String {
        let shape = weight.shape
        var text = "Conv2d(\(shape[1] * groups), \(shape[0]), kernelSize: \(Size2D(height: shape[2], width: shape[3]))"
        if stride != 1 { text += ", stride: \(stride)" }
        if padding != 0 { text += ", padding: \(padding)" }
        if dilation != 1 { text += ", dilation: \(dilation)" }
        if groups != 1 { text += ", groups: \(groups)" }
        if bias == nil { text += ", bias: false" }
        return text + ")"
    }

    /// Computes the output.
    public func forward(_ input: Tensor) -> Tensor {
        Functional.conv2d(
            input, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
}
