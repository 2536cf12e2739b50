/// One image on its way through a pipeline.
///
/// The memory belongs to the batch: the image's place in it for the result, and two blocks for what is in between, so
/// that no image needs memory of its own.
public struct ImageSample: ~Copyable {
    /// The format that the image has at the moment.
    public private(set) var format: ImageFormat

    private var current: UnsafeRawPointer
    private var isStored = true
    private let result: UnsafeMutableRawBufferPointer
    private let scratch: ImageScratch

    init(
        _ stored: UnsafeRawBufferPointer, format: ImageFormat, result: UnsafeMutableRawBufferPointer,
        scratch: ImageScratch
    ) {
        // An image without elements has no address, and is never read.
        self.current = stored.baseAddress ?? UnsafeRawPointer(scratch.address(0))
        self.format = format
        self.result = result
        self.scratch = scratch
    }

    /// Changes the elements of an image of bytes in place.
    @inline(__always)
    public mutating func modify(_ body: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        modify(.uint8, body)
    }

    /// Changes the elements of an image of real numbers in place.
    @inline(__always)
    public mutating func modifyFloats(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        modify(.float32, body)
    }

    /// Writes another image, which takes the place of this one.
    ///
    /// - Parameters:
    ///   - newFormat: the format of the new image.
    ///   - body: reads the old elements and sets all new ones, which have arbitrary values before.
    @inline(__always)
    public mutating func replace(
        as newFormat: ImageFormat, _ body: (_ old: UnsafeRawBufferPointer, _ new: UnsafeMutableRawBufferPointer) -> Void
    ) {
        let target = target(for: newFormat)
        body(
            UnsafeRawBufferPointer(start: current, count: format.byteCount),
            UnsafeMutableRawBufferPointer(start: target, count: newFormat.byteCount))
        current = UnsafeRawPointer(target)
        isStored = false
        format = newFormat
    }

    @inline(__always)
    private mutating func modify<Element: BitwiseCopyable>(
        _ element: ImageFormat.Element, _ body: (UnsafeMutableBufferPointer<Element>) -> Void
    ) {
        precondition(format.element == element, "the image has elements of type \(format.element.dtype)")
        if isStored { replace(as: format) { old, new in new.copyMemory(from: old) } }
        let bytes = UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(mutating: current), count: format.byteCount)
        body(bytes.bindMemory(to: Element.self))
    }

    /// Memory that does not hold the image: its final place where it may already have its final size.
    private func target(for format: ImageFormat) -> UnsafeMutableRawPointer {
        if format.byteCount == result.count, let place = result.baseAddress, UnsafeRawPointer(place) != current {
            return place
        }
        return scratch.block(of: format.byteCount, otherThan: current)
    }

    /// Puts the image into its place in the batch.
    consuming func finish() {
        precondition(format.byteCount == result.count, "the transforms gave \(format), not what they had announced")
        guard let place = result.baseAddress, UnsafeRawPointer(place) != current else { return }
        place.copyMemory(from: current, byteCount: result.count)
    }
}
