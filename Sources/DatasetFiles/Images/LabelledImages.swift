import Files

/// One split of a data set: images of bytes with their labels, mapped from files that all processes share.
///
/// ```swift
/// let images = try await LabelledImages.open(.fashionMNIST, split: .train)
/// var first = [UInt8](repeating: 0, count: images.imageByteCount)
/// first.withUnsafeMutableBytes { images.copyPixels(at: 0, to: $0) }
/// print(images.classNames[images.label(at: 0)])
/// ```
///
/// It may be used from any number of threads. Buffers that it gives point into the mapping and are valid as long as
/// the object lives: keep it in a property, or use `withExtendedLifetime` around their use.
public final class LabelledImages: Sendable {
    /// The data set that the files belong to.
    public let dataset: DatasetDescription

    /// The split.
    public let split: DatasetSplit

    /// The number of images.
    public let count: Int

    /// Whether the images were generated because the real ones could not be had.
    ///
    /// Results say nothing about the real data set then. The ranks of one run must agree on it.
    public let isSynthetic: Bool

    /// The files that are mapped.
    public let paths: [String]

    private let segments: [ImageSegment]
    private let labels: [UInt8]
    private let imagesPerSegment: Int

    /// Planes of an image: 1 for grey, 3 for red, green, blue.
    public var channels: Int { dataset.imageShape.channels }

    /// Rows of an image.
    public var height: Int { dataset.imageShape.height }

    /// Columns of an image.
    public var width: Int { dataset.imageShape.width }

    /// Bytes of an image: channels × height × width.
    public var imageByteCount: Int { dataset.imageShape.byteCount }

    /// The classes; label `i` means `classNames[i]`.
    public var classNames: [String] { dataset.classNames }

    /// Maps files that are unpacked and checks headers, sizes and labels.
    ///
    /// - Parameter path: the path of each unpacked file by its name.
    /// - Throws: ``DatasetError`` that names the file, what was expected and what was found.
    init(
        _ dataset: DatasetDescription, split: DatasetSplit, files path: [String: String], isSynthetic: Bool
    ) throws {
        func find(_ name: String) throws -> String {
            guard let path = path[name] else {
                throw DatasetError(.notFound, "\(name) of \(dataset.title) is in none of the archives described.")
            }
            return path
        }
        let shape = dataset.imageShape
        switch (dataset.layout, split) {
        case (.idx(let pair, _), .train), (.idx(_, let pair), .test):
            segments = [try ImageSegment(images: find(pair.images), labels: find(pair.labels), shape: shape)]
        case (.records(let names, _), .train), (.records(_, let names), .test):
            segments = try names.map { try ImageSegment(records: find($0), shape: shape) }
        }
        imagesPerSegment = segments.first?.count ?? 0
        var labels: [UInt8] = []
        for segment in segments {
            guard segment.count == imagesPerSegment else {
                throw DatasetError(
                    .wrongSize,
                    "\(segment.pixelFile.path) has \(segment.count) records. Expected \(imagesPerSegment), as in "
                        + "\(segments[0].pixelFile.path).")
            }
            labels += try segment.checkedLabels(classCount: dataset.classNames.count)
        }
        self.labels = labels
        self.dataset = dataset
        self.split = split
        self.isSynthetic = isSynthetic
        paths = try dataset.fileNames(of: split).map(find)
        count = imagesPerSegment * segments.count
        if !readsImages { for segment in segments { segment.pixelFile.mapPages() } }
    }

    /// The bytes of an image: `channels` planes of `height` rows of `width` bytes, from 0 (dark) to 255.
    ///
    /// - Parameter index: from 0 up to ``count``; any other is a programming error and stops the program.
    public func pixels(at index: Int) -> UnsafeRawBufferPointer {
        let (segment, position) = locate(index)
        let start = segment.pixelOffset + position * segment.pixelStride
        return UnsafeRawBufferPointer(rebasing: segment.pixelFile.bytes[start..<start + dataset.imageShape.byteCount])
    }

    /// Copies the bytes of an image to memory of at least ``imageByteCount`` bytes.
    ///
    /// - Parameters:
    ///   - index: from 0 up to ``count``.
    ///   - destination: takes the image at its start; too little room is a programming error.
    public func copyPixels(at index: Int, to destination: UnsafeMutableRawBufferPointer) {
        withExtendedLifetime(self) { destination.copyMemory(from: pixels(at: index)) }
    }

    /// The bytes of an image, for one use: in the mapping, or read into `memory` of at least ``imageByteCount`` bytes.
    ///
    /// Large images are read. In random order the mapping would bring in all of the file, which would then count as
    /// memory of every process, and for one image the system maps several pages that nobody asked for.
    ///
    /// - Throws: ``DatasetError`` where the file cannot be read any more.
    public func pixels(
        at index: Int, reading memory: UnsafeMutableRawBufferPointer
    ) throws -> UnsafeRawBufferPointer {
        guard readsImages else { return pixels(at: index) }
        let (segment, position) = locate(index)
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<imageByteCount])
        try withFileErrors(as: DatasetError.init(_:)) {
            try segment.pixelFile.read(target, at: segment.pixelOffset + position * segment.pixelStride)
        }
        return UnsafeRawBufferPointer(target)
    }

    /// Whether an image is read when it is wanted, and not taken from the mapping.
    public var readsImages: Bool { imageByteCount >= Self.leastBytesToRead }

    /// Below this size the call to the system takes several times as long as the copy.
    private static let leastBytesToRead = 2048

    /// The class of an image, from 0 up to the number of classes.
    public func label(at index: Int) -> Int {
        precondition(index >= 0 && index < count, "image \(index) of \(count)")
        return Int(labels[index])
    }

    /// All images one after the other, where the files have them so (IDX); nil for files of records.
    public var contiguousPixels: UnsafeRawBufferPointer? {
        guard segments.count == 1, segments[0].pixelStride == dataset.imageShape.byteCount else { return nil }
        let start = segments[0].pixelOffset
        return UnsafeRawBufferPointer(
            rebasing: segments[0].pixelFile.bytes[start..<start + count * segments[0].pixelStride])
    }

    /// All labels one after the other, a byte each, where the files have them so (IDX); nil for files of records.
    public var contiguousLabels: UnsafeRawBufferPointer? {
        guard segments.count == 1, segments[0].labelStride == 1 else { return nil }
        let start = segments[0].labelOffset
        return UnsafeRawBufferPointer(rebasing: segments[0].labelFile.bytes[start..<start + count])
    }

    private func locate(_ index: Int) -> (ImageSegment, Int) {
        precondition(index >= 0 && index < count, "image \(index) of \(count)")
        guard segments.count > 1 else { return (segments[0], index) }
        return (segments[index / imagesPerSegment], index % imagesPerSegment)
    }
}
