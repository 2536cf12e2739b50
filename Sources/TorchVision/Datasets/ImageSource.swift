import DatasetFiles
import Torch
import TorchData

/// Stored images of one format with their labels, readable from any thread.
protocol ImageSource: Sendable {
    var count: Int { get }
    var format: ImageFormat { get }
    var classNames: [String] { get }
    var isSynthetic: Bool { get }

    /// The planes of an image, valid as long as the source and `memory`, which has room for an image and may take it.
    func pixels(at index: Int, reading memory: UnsafeMutableRawBufferPointer) throws -> UnsafeRawBufferPointer
    func label(at index: Int) -> Int
    /// Begins to bring an image into the processor's cache, where that can be done from here.
    func prefetch(at index: Int)
}

extension LabelledImages: ImageSource {
    var format: ImageFormat { ImageFormat(channels: channels, height: height, width: width) }

    func prefetch(at index: Int) {
        if !readsImages { pixels(at: index).prefetch() }
    }
}

/// Images in memory.
final class ImagesInMemory: ImageSource {
    let format: ImageFormat
    let classNames: [String]
    let isSynthetic = false
    private let labels: [Int]
    private let pixels: BatchBuffer

    /// Copies images.
    ///
    /// - Throws: `DataError` where pixels, labels and classes do not fit together.
    init(pixels: [UInt8], labels: [Int], format: ImageFormat, classNames: [String]) throws {
        guard pixels.count == labels.count * format.byteCount else {
            throw DataError(
                .malformedSamples,
                "\(labels.count) images of \(format) have \(labels.count * format.byteCount) bytes, but \(pixels.count) "
                    + "were given.")
        }
        for (index, label) in labels.enumerated() where !classNames.indices.contains(label) {
            throw DataError(
                .malformedSamples, "image \(index) has the label \(label), but there are \(classNames.count) classes.")
        }
        self.format = format
        self.classNames = classNames
        self.labels = labels
        self.pixels = BufferPool().buffer(byteCount: pixels.count)
        pixels.withUnsafeBytes { self.pixels.bytes.copyMemory(from: $0) }
    }

    var count: Int { labels.count }

    func pixels(at index: Int, reading memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        let start = index * format.byteCount
        return UnsafeRawBufferPointer(rebasing: pixels.bytes[start..<start + format.byteCount])
    }

    func label(at index: Int) -> Int { labels[index] }

    func prefetch(at index: Int) { pixels(at: index, reading: .init(start: nil, count: 0)).prefetch() }
}
