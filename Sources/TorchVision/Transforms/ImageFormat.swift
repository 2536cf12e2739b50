public import Torch

/// Size and element type of an image: `channels` planes of `height` rows of `width` elements.
public struct ImageFormat: Hashable, Sendable, CustomStringConvertible {
    /// What a pixel's channel is.
    public enum Element: Sendable {
        /// A byte from 0 to 255.
        case uint8
        /// A real number.
        case float32

        /// The size in bytes.
        public var byteCount: Int { self == .uint8 ? 1 : 4 }
        /// The type of a tensor of such elements.
        public var dtype: DType { self == .uint8 ? .uint8 : .float32 }
    }

    /// 1 for grey, 3 for red, green, blue.
    public var channels: Int
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int
    /// The type of the elements.
    public var element: Element

    /// A format.
    public init(channels: Int, height: Int, width: Int, element: Element = .uint8) {
        self.channels = channels
        self.height = height
        self.width = width
        self.element = element
    }

    /// The elements of an image.
    public var count: Int { channels * height * width }
    /// The bytes of an image.
    public var byteCount: Int { count * element.byteCount }
    /// The format as `3×32×32 uint8`.
    public var description: String { "\(channels)×\(height)×\(width) \(element.dtype)" }
}
