public import TorchData

/// Transforms one after the other (torchvision's `Compose`).
///
/// ```swift
/// Compose {
///     RandomCrop(32, padding: 4)
///     RandomHorizontalFlip()
///     ToTensor()
///     Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
/// }
/// ```
/// The transform in place `i` draws from stream `i` of the sample's `SampleDraw`.
public struct Compose: ImageTransform {
    /// The transforms in order.
    public let transforms: [any ImageTransform]

    /// A pipeline of an array's transforms.
    public init(_ transforms: [any ImageTransform]) {
        self.transforms = transforms
    }

    /// A pipeline of the transforms that are written down.
    public init(@ImageTransformBuilder _ transforms: () -> [any ImageTransform]) {
        self.init(transforms())
    }

    /// Whether any of them is.
    public var isRandom: Bool { transforms.contains { $0.isRandom } }

    /// The format after the last.
    public func output(of input: ImageFormat) throws -> ImageFormat {
        try transforms.reduce(input) { try $1.output(of: $0) }
    }

    /// Applies each.
    public func apply(to image: inout ImageSample, draw: inout SampleDraw) {
        for (place, transform) in transforms.enumerated() {
            var stream = draw.stream(place)
            transform.apply(to: &image, draw: &stream)
        }
    }
}

/// Collects the transforms of a ``Compose``.
@resultBuilder
public enum ImageTransformBuilder {
    /// One transform.
    public static func buildExpression(_ transform: any ImageTransform) -> [any ImageTransform] { [transform] }
    /// Several in order.
    public static func buildBlock(_ transforms: [any ImageTransform]...) -> [any ImageTransform] {
        transforms.flatMap { $0 }
    }
    /// An `if` without `else`.
    public static func buildOptional(_ transforms: [any ImageTransform]?) -> [any ImageTransform] { transforms ?? [] }
    /// One branch.
    public static func buildEither(first transforms: [any ImageTransform]) -> [any ImageTransform] { transforms }
    /// The other branch.
    public static func buildEither(second transforms: [any ImageTransform]) -> [any ImageTransform] { transforms }
    /// A loop.
    public static func buildArray(_ transforms: [[any ImageTransform]]) -> [any ImageTransform] {
        transforms.flatMap { $0 }
    }
}
