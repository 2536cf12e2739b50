public import TorchData

/// A part of the image at a random place, after a border was put around it (torchvision's `RandomCrop`).
///
/// The top row and then the left column are drawn, each with the same probability from 0 up to what fits.
public struct RandomCrop: ImageTransform {
    /// Rows of the part.
    public let height: Int
    /// Columns of the part.
    public let width: Int
    /// The width of the border on each side.
    public let padding: Int
    /// The value of the border's elements, in the image's own scale.
    public let fill: Double

    /// A square part.
    public init(_ size: Int, padding: Int = 0, fill: Double = 0) {
        self.init(height: size, width: size, padding: padding, fill: fill)
    }

    /// A part of any shape.
    public init(height: Int, width: Int, padding: Int = 0, fill: Double = 0) {
        self.height = height
        self.width = width
        self.padding = padding
        self.fill = fill
    }

    /// True.
    public var isRandom: Bool { true }

    /// The part's size.
    ///
    /// - Throws: ``TransformError``: `wrongSize` for a part that is larger than the image with its border, `invalidValue`
    ///   for sizes below 1, a negative border, or a fill that is no byte for an image of bytes.
    public func output(of input: ImageFormat) throws -> ImageFormat {
        guard height >= 1, width >= 1, padding >= 0 else {
            throw TransformError(
                .invalidValue, "RandomCrop of \(height)×\(width) with a padding of \(padding) makes no image.")
        }
        guard input.element == .float32 || UInt8(exactly: fill) != nil else {
            throw TransformError(
                .invalidValue,
                "RandomCrop fills with \(fill), but the image is \(input): give an integer from 0 to 255.")
        }
        guard height <= input.height + 2 * padding, width <= input.width + 2 * padding else {
            throw TransformError(
                .wrongSize,
                "RandomCrop of \(height)×\(width) is larger than the image (\(input)) with a padding of \(padding). Give a "
                    + "smaller size or a wider padding.")
        }
        return cropped(input)
    }

    private func cropped(_ format: ImageFormat) -> ImageFormat {
        ImageFormat(channels: format.channels, height: height, width: width, element: format.element)
    }

    /// Draws the place and copies the part.
    public func apply(to image: inout ImageSample, draw: inout SampleDraw) {
        let old = image.format
        let top = draw.integer(below: old.height + 2 * padding - height + 1) - padding
        let left = draw.integer(below: old.width + 2 * padding - width + 1) - padding
        let window = CropWindow(top: top, left: left, height: height, width: width)
        image.replace(as: cropped(old)) { source, target in
            switch old.element {
            case .uint8:
                window.copy(
                    source.assumingMemoryBound(to: UInt8.self), old, target.bindMemory(to: UInt8.self), UInt8(fill))
            case .float32:
                window.copy(
                    source.assumingMemoryBound(to: Float.self), old, target.bindMemory(to: Float.self), Float(fill))
            }
        }
    }
}

/// A rectangle in the coordinates of an image, which may reach beyond it.
private struct CropWindow {
    let top: Int
    let left: Int
    let height: Int
    let width: Int

    /// Copies what is inside and fills the rest.
    func copy<Element: BitwiseCopyable>(
        _ source: UnsafeBufferPointer<Element>, _ format: ImageFormat, _ target: UnsafeMutableBufferPointer<Element>,
        _ fill: Element
    ) {
        guard let source = source.baseAddress, var row = target.baseAddress else { return }
        // The columns [before, before + inside) of the part are columns of the image.
        let before = min(width, max(0, -left))
        let inside = max(0, min(format.width, left + width) - max(0, left))
        for channel in 0..<format.channels {
            let plane = source + channel * format.height * format.width
            for line in top..<top + height {
                if line < 0 || line >= format.height || inside == 0 {
                    row.update(repeating: fill, count: width)
                } else {
                    row.update(repeating: fill, count: before)
                    (row + before).update(from: plane + line * format.width + max(0, left), count: inside)
                    (row + before + inside).update(repeating: fill, count: width - before - inside)
                }
                row += width
            }
        }
    }
}
