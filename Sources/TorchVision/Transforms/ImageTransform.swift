public import TorchData

/// A step from the stored image to what the model gets.
///
/// A transform of one's own changes the image in place, or writes another one:
/// ```swift
/// struct Invert: ImageTransform {
///     func apply(to image: inout ImageSample, draw: inout SampleDraw) {
///         image.modify { bytes in for i in bytes.indices { bytes[i] = 255 - bytes[i] } }
///     }
/// }
/// ```
/// It runs on several threads at once, and whatever is random in it comes from `draw`, so that neither the number of
/// workers nor that of ranks changes an image.
public protocol ImageTransform: Sendable {
    /// The format that comes out.
    ///
    /// Asked once, when the data set is made; the default is the format that goes in.
    ///
    /// - Throws: ``TransformError`` for images that the transform does not work on.
    func output(of input: ImageFormat) throws -> ImageFormat

    /// Whether the result depends on random numbers, so that it must not be used on test images; false by default.
    var isRandom: Bool { get }

    /// Transforms one image.
    ///
    /// - Parameters:
    ///   - image: the image, changed in place.
    ///   - draw: random numbers that are this transform's own in its place of the pipeline.
    func apply(to image: inout ImageSample, draw: inout SampleDraw)
}

extension ImageTransform {
    /// The format that goes in.
    public func output(of input: ImageFormat) throws -> ImageFormat { input }
    /// False.
    public var isRandom: Bool { false }
}
