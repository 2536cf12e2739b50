import Files

/// A generated image set in the file format of a real one, for machines that have neither the data nor the net.
///
/// It is a pure function of the data set's name, the seed and this definition, the same on every machine, since only
/// integers are used:
///
/// - Class `c` has in each channel a prototype: six bumps, of centre anywhere in the image, radius 3 to 7 and height
///   96 to 255, drawn from SplitMix64(seed, hash of the name, 0, c, channel). A bump of height `h` and radius `r`
///   adds `h·r⁴ / (r² + d²)²` at the distance `d`; sums above 255 become 255.
/// - Image `i` of a split has label `i mod classes`. From SplitMix64(seed, hash of the name, 1 for training or 2 for
///   test, i) come a shift by −2...2 in each direction, a brightness of 160...256 parts in 256, and for each pixel
///   noise of −32...31, eight pixels to a draw; results are clamped to 0...255.
///
/// There are 6,000 training and 1,000 test images (5 × 1,000 and 1,000 for files of records). A small network learns
/// them to more than 90 %; that says nothing about the real data.
public struct SyntheticImages: Sendable {
    /// The data set whose format and shape are followed.
    public let dataset: DatasetDescription

    /// The seed.
    public let seed: UInt64

    /// The folder of the files below the cache: `synthetic-mnist-0`.
    public var folderName: String { "synthetic-\(dataset.name)-\(seed)" }

    /// The set like `dataset` of a seed.
    public init(like dataset: DatasetDescription, seed: UInt64 = 0) {
        self.dataset = dataset
        self.seed = seed
    }

    /// The number of images in a split.
    public func count(of split: DatasetSplit) -> Int {
        let files = recordFiles(of: split)
        if !files.isEmpty { return files.count * Self.imagesPerRecordFile }
        return split == .train ? 6000 : 1000
    }

    /// Writes the files of a split into `folder` unless they are there, and returns their paths by name.
    ///
    /// - Throws: ``DatasetError`` where a file cannot be written.
    @discardableResult
    public func write(_ split: DatasetSplit, into folder: String) throws -> [String: String] {
        var paths: [String: String] = [:]
        for (name, size) in files(of: split) {
            paths[name] = folder + "/" + name
            if FileStatus(regularFile: folder + "/" + name)?.size == size { continue }
            // Which file is written decides nothing about its bytes, so each is made on its own.
            try withFileErrors(as: DatasetError.init(_:)) {
                try AtomicFile.write(contents(of: name, split), to: folder + "/" + name)
            }
        }
        return paths
    }

    private static let imagesPerRecordFile = 1000

    private func recordFiles(of split: DatasetSplit) -> [String] {
        if case .records = dataset.layout { dataset.fileNames(of: split) } else { [] }
    }

    private func files(of split: DatasetSplit) -> [(String, Int)] {
        let bytes = dataset.imageShape.byteCount
        let names = dataset.fileNames(of: split)
        if case .records = dataset.layout { return names.map { ($0, Self.imagesPerRecordFile * (bytes + 1)) } }
        let count = count(of: split)
        return [(names[0], 4 + 4 * (dimensions.count + 1) + count * bytes), (names[1], 8 + count)]
    }

    /// The dimensions of an image in an IDX file.
    private var dimensions: [Int] {
        let shape = dataset.imageShape
        return (shape.channels == 1 ? [] : [shape.channels]) + [shape.height, shape.width]
    }

    private func contents(of name: String, _ split: DatasetSplit) -> [UInt8] {
        let names = dataset.fileNames(of: split)
        let count = count(of: split)
        let classCount = dataset.classNames.count
        if let file = recordFiles(of: split).firstIndex(of: name) {
            let painter = ImagePainter(dataset: dataset, seed: seed)
            let first = file * Self.imagesPerRecordFile
            return (first..<first + Self.imagesPerRecordFile).flatMap { index in
                [UInt8(index % classCount)] + painter.image(index, split)
            }
        }
        if name == names[1] {
            return header([count]) + (0..<count).map { UInt8($0 % classCount) }
        }
        let painter = ImagePainter(dataset: dataset, seed: seed)
        return header([count] + dimensions) + (0..<count).flatMap { painter.image($0, split) }
    }

    private func header(_ dimensions: [Int]) -> [UInt8] {
        [0, 0, 8, UInt8(dimensions.count)]
            + dimensions.flatMap { dimension in
                (0..<4).reversed().map { UInt8(truncatingIfNeeded: dimension >> (8 * $0)) }
            }
    }
}
