public import DatasetFiles
public import Torch
public import TorchData

/// Labelled images that are transformed a batch at a time.
///
/// A batch is `(images, labels)`: N×C×H×W in `float32`, or in `uint8` where the transform has no ``ToTensor``, and N
/// class numbers in `int64`. The memory of a batch is used again once its tensors are gone.
public struct ImageDataset: ConcurrentDataset {
    /// The number of images.
    public let count: Int
    /// What becomes of a stored image.
    public let transform: any ImageTransform
    /// The format of an image in a batch.
    public let format: ImageFormat

    private let source: any ImageSource
    private let pool: BufferPool

    /// The images of a file.
    ///
    /// - Throws: ``TransformError`` where the transform does not fit the images.
    public init(_ images: LabelledImages, transform: any ImageTransform = ToTensor()) throws {
        try self.init(images as any ImageSource, transform: transform)
    }

    /// Images in memory.
    ///
    /// - Parameters:
    ///   - pixels: the images' planes, row by row, one image after the other.
    ///   - labels: the images' classes, from 0.
    ///   - channels: planes of an image.
    ///   - height: rows of an image.
    ///   - width: columns of an image.
    ///   - classNames: the classes.
    ///   - transform: what becomes of an image.
    /// - Throws: `DataError` with `malformedSamples` where these do not fit together, and ``TransformError`` where the
    ///   transform does not fit the images.
    public init(
        pixels: [UInt8], labels: [Int], channels: Int, height: Int, width: Int, classNames: [String],
        transform: any ImageTransform = ToTensor()
    ) throws {
        let format = ImageFormat(channels: channels, height: height, width: width)
        try self.init(
            ImagesInMemory(pixels: pixels, labels: labels, format: format, classNames: classNames),
            transform: transform)
    }

    private init(_ source: any ImageSource, transform: any ImageTransform) throws {
        self.init(
            source, count: source.count, transform: transform, format: try transform.output(of: source.format),
            pool: BufferPool())
    }

    private init(
        _ source: any ImageSource, count: Int, transform: any ImageTransform, format: ImageFormat, pool: BufferPool
    ) {
        self.source = source
        self.count = count
        self.transform = transform
        self.format = format
        self.pool = pool
    }

    /// The classes; label `i` means `classNames[i]`.
    public var classNames: [String] { source.classNames }

    /// Whether the images were generated because the real ones could not be had.
    public var isSynthetic: Bool { source.isSynthetic }

    /// The first images, or all if there are fewer.
    public func limited(to count: Int) -> ImageDataset {
        ImageDataset(
            source, count: max(0, min(count, self.count)), transform: transform, format: format, pool: pool)
    }
}

extension ImageDataset {
    /// Images and their labels.
    public typealias Batch = (Tensor, Tensor)

    /// A batch in raw memory.
    public struct Assembled: Sendable {
        fileprivate let images: BatchBuffer
        fileprivate let labels: BatchBuffer
        fileprivate let count: Int
    }

    /// True: stored images are in memory or in the system's cache of their files.
    public var isInMemory: Bool { true }

    /// Reads and transforms images; each stays in cache from the first transform to the last.
    ///
    /// - Throws: `DataError` with `indexOutOfRange`; `DatasetError` where a file cannot be read any more.
    public func assemble(_ samples: BatchIndices) throws -> Assembled {
        try samples.check(count: count)
        let images = pool.buffer(byteCount: samples.count * format.byteCount)
        let labels = pool.buffer(byteCount: samples.count * MemoryLayout<Int64>.stride)
        let stored = source.format
        let numbers = labels.bind(to: Int64.self)
        let memory = pool.buffer(byteCount: stored.byteCount)
        let scratch = ImageScratch(pool, byteCount: max(stored.byteCount, format.byteCount))
        for place in 0..<samples.count {
            let sample = samples[place]
            // In random order each image is a way to memory; the next one's is taken while this one is worked on.
            if place + 1 < samples.count { source.prefetch(at: samples[place + 1]) }
            let result = images.bytes[place * format.byteCount..<(place + 1) * format.byteCount]
            var image = ImageSample(
                try source.pixels(at: sample, reading: memory.bytes), format: stored,
                result: UnsafeMutableRawBufferPointer(rebasing: result), scratch: scratch)
            var draw = samples.draw(at: place)
            transform.apply(to: &image, draw: &draw)
            image.finish()
            numbers[place] = Int64(source.label(at: sample))
        }
        return Assembled(images: images, labels: labels, count: samples.count)
    }

    /// The tensors over the memory.
    public func batch(_ assembled: consuming Assembled) -> Batch {
        let count = assembled.count
        return (
            assembled.images.tensor(
                shape: [count, format.channels, format.height, format.width], dtype: format.element.dtype),
            assembled.labels.tensor(shape: [count], dtype: .int64)
        )
    }
}

extension ImageDataset {
    /// An image as it is stored, before any transform.
    ///
    /// - Throws: `DataError` with `indexOutOfRange`; `DatasetError` where a file cannot be read any more.
    public func storedImage(at index: Int) throws -> StoredImage {
        try BatchIndices([index], seed: 0).check(count: count)
        let stored = source.format
        let memory = pool.buffer(byteCount: stored.byteCount)
        let pixels = try source.pixels(at: index, reading: memory.bytes)
        return StoredImage(
            channels: stored.channels, height: stored.height, width: stored.width,
            pixels: Array(pixels.prefix(stored.byteCount)))
    }
}
