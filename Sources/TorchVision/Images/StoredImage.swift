/// An image of bytes: planes of rows from 0 (dark) to 255, as in an ``ImageDataset``.
public struct StoredImage: Hashable, Sendable {
    /// 1 for grey, 3 for red, green, blue.
    public let channels: Int
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int
    /// The planes one after the other.
    public let pixels: [UInt8]

    /// An image of `channels · height · width` bytes; any other number is a programming error.
    public init(channels: Int, height: Int, width: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
        precondition(height > 0 && width > 0 && pixels.count == channels * height * width, "bytes of an image")
        self.channels = channels
        self.height = height
        self.width = width
        self.pixels = pixels
    }

    /// The image with a number of channels: grey becomes three equal planes, and colours become their brightness
    /// `0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601, as Pillow rounds it).
    ///
    /// - Parameter channels: 1 or 3.
    public func converted(toChannels channels: Int) -> StoredImage {
        if channels == self.channels { return self }
        let plane = height * width
        guard channels == 1 else {
            return StoredImage(channels: 3, height: height, width: width, pixels: pixels + pixels + pixels)
        }
        let grey = (0..<plane).map { index -> UInt8 in
            let (red, green, blue) = (Int(pixels[index]), Int(pixels[plane + index]), Int(pixels[2 * plane + index]))
            return UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
        }
        return StoredImage(channels: 1, height: height, width: width, pixels: grey)
    }

    /// The bytes pixel by pixel, the channels of each one after the other.
    package var interleaved: [UInt8] {
        let plane = height * width
        return (0..<plane).flatMap { place in (0..<channels).map { pixels[$0 * plane + place] } }
    }
}
