import Files

/// A run of images and labels at fixed distances in a mapped file.
struct ImageSegment: Sendable {
    /// The first image's bytes lie here in ``pixelFile``, the next ``pixelStride`` further.
    let pixelFile: MappedFile
    let pixelOffset: Int
    let pixelStride: Int
    let labelFile: MappedFile
    let labelOffset: Int
    let labelStride: Int
    let count: Int
}

extension ImageSegment {
    /// A pair of IDX files: images with 3 dimensions (grey) or 4 (count, channels, rows, columns), and labels.
    ///
    /// - Throws: ``DatasetError`` that names the file.
    init(images imagePath: String, labels labelPath: String, shape: DatasetDescription.ImageShape) throws {
        let images = try IDXFile(imagePath, rank: shape.channels == 1 ? 3 : 4)
        let labels = try IDXFile(labelPath, rank: 1)
        let expected = (shape.channels == 1 ? [] : [shape.channels]) + [shape.height, shape.width]
        guard Array(images.dimensions.dropFirst()) == expected else {
            throw DatasetError(
                .wrongSize,
                "\(imagePath) has images of \(Self.text(images.dimensions.dropFirst())). Expected \(Self.text(expected[...]))."
            )
        }
        guard images.dimensions[0] == labels.dimensions[0] else {
            throw DatasetError(
                .wrongSize,
                "\(labelPath) has \(labels.dimensions[0]) labels. Expected \(images.dimensions[0]), the number of images "
                    + "in \(imagePath).")
        }
        self.init(
            pixelFile: images.file, pixelOffset: 4 + 4 * images.dimensions.count, pixelStride: shape.byteCount,
            labelFile: labels.file, labelOffset: 8, labelStride: 1, count: labels.dimensions[0])
    }

    /// A file of records as in CIFAR-10's binary version: a label byte, then each plane row by row.
    ///
    /// - Throws: ``DatasetError`` with `truncated` where the file is not a whole number of records, or empty.
    init(records path: String, shape: DatasetDescription.ImageShape) throws {
        let file = try withFileErrors(as: DatasetError.init(_:)) { try MappedFile(path) }
        let stride = 1 + shape.byteCount
        if let kind = FileKind(firstBytes: ArraySlice(file.bytes.prefix(64))), kind != .idx {
            throw DatasetError(
                .wrongKind, "\(path) is \(kind.text). Expected records of \(stride) bytes: a label and an image.")
        }
        guard file.size > 0, file.size % stride == 0 else {
            throw DatasetError(
                .truncated,
                "\(path) has \(file.size) bytes. Expected a multiple of \(stride), the size of a record: it has "
                    + "\(file.size / stride) records and \(file.size % stride) bytes.")
        }
        self.init(
            pixelFile: file, pixelOffset: 1, pixelStride: stride,
            labelFile: file, labelOffset: 0, labelStride: stride, count: file.size / stride)
    }

    /// Checks that every label names one of `classCount` classes.
    ///
    /// - Returns: the labels.
    /// - Throws: ``DatasetError`` with `labelOutOfRange`, which names the first label that does not.
    func checkedLabels(classCount: Int) throws -> [UInt8] {
        let bytes = labelFile.bytes
        var labels: [UInt8] = []
        labels.reserveCapacity(count)
        for index in 0..<count {
            let label = Int(bytes[labelOffset + index * labelStride])
            guard label < classCount else {
                throw DatasetError(
                    .labelOutOfRange,
                    "\(labelFile.path): the label of image \(index) is \(label). Expected 0...\(classCount - 1).")
            }
            labels.append(UInt8(label))
        }
        // Labels among the images have brought all of the file in.
        if pixelFile === labelFile { pixelFile.releasePages() }
        return labels
    }

    private static func text(_ dimensions: ArraySlice<Int>) -> String {
        dimensions.map(String.init).joined(separator: "×")
    }
}
