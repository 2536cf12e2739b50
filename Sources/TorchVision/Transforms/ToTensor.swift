public import TorchData

/// Bytes from 0 to 255 as real numbers from 0 to 1: each divided by 255 in `float32` (torchvision's `ToTensor`).
public struct ToTensor: ImageTransform {
    /// The transform.
    public init() {}

    /// The same image with `float32` elements.
    ///
    /// - Throws: ``TransformError`` with `wrongElement` for an image of real numbers.
    public func output(of input: ImageFormat) throws -> ImageFormat {
        guard input.element == .uint8 else {
            throw TransformError(
                .wrongElement, "ToTensor makes real numbers of bytes, but the image is \(input). Use it once.")
        }
        return floating(input)
    }

    /// Divides.
    public func apply(to image: inout ImageSample, draw: inout SampleDraw) {
        image.replace(as: floating(image.format)) { old, new in
            guard let source = old.baseAddress, let target = new.baseAddress else { return }
            let bytes = source.assumingMemoryBound(to: UInt8.self)
            let floats = target.bindMemory(to: Float.self, capacity: old.count)
            for index in 0..<old.count { floats[index] = Float(bytes[index]) / 255 }
        }
    }

    private func floating(_ format: ImageFormat) -> ImageFormat {
        var format = format
        format.element = .float32
        return format
    }
}
