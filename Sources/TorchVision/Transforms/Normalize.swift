public import TorchData

/// `(x − mean) / std` for each channel, in `float32` and in that order (torchvision's `Normalize`).
public struct Normalize: ImageTransform {
    /// The number subtracted in each channel.
    public let mean: [Float]
    /// The number divided by in each channel.
    public let std: [Float]

    /// A normalisation with values for each channel.
    public init(mean: [Double], std: [Double]) {
        self.mean = mean.map(Float.init)
        self.std = std.map(Float.init)
    }

    /// The same format.
    ///
    /// - Throws: ``TransformError``: `wrongElement` for an image of bytes, `wrongChannels` for another number of channels
    ///   than values, `invalidValue` for a standard deviation of zero.
    public func output(of input: ImageFormat) throws -> ImageFormat {
        guard input.element == .float32 else {
            throw TransformError(
                .wrongElement, "Normalize works on real numbers, but the image is \(input). Put ToTensor() before it.")
        }
        guard mean.count == input.channels, std.count == input.channels else {
            throw TransformError(
                .wrongChannels,
                "Normalize has \(mean.count) means and \(std.count) standard deviations, but the image has \(input.channels) "
                    + "channels (\(input)). Give one of each for every channel.")
        }
        if let channel = std.firstIndex(of: 0) {
            throw TransformError(
                .invalidValue, "Normalize would divide channel \(channel) by zero: its std is 0 in float32.")
        }
        return input
    }

    /// Subtracts and divides.
    public func apply(to image: inout ImageSample, draw: inout SampleDraw) {
        let plane = image.format.height * image.format.width
        image.modifyFloats { elements in
            guard let address = elements.baseAddress else { return }
            for channel in mean.indices {
                let (mean, std, floats) = (mean[channel], std[channel], address + channel * plane)
                for index in 0..<plane { floats[index] = (floats[index] - mean) / std }
            }
        }
    }
}
