public import DatasetFiles

/// A published data set of labelled images: its training and its test part.
///
/// A set of one's own, described by a `DatasetDescription`, gets everything below by conforming.
public protocol ImageCollection: Sendable {
    /// The files, where they come from and what they hold.
    static var description: DatasetDescription { get }

    /// The images to learn from.
    var train: ImageDataset { get }
    /// The images to be tested on.
    var test: ImageDataset { get }

    /// A set of two parts.
    init(train: ImageDataset, test: ImageDataset)
}

extension ImageCollection {
    /// Finds the files, or downloads, verifies and unpacks them the first time, and maps them.
    ///
    /// - Parameters:
    ///   - location: where to look.
    ///   - transform: what becomes of a training image.
    ///   - testTransform: what becomes of a test image; the same as of a training image if nil, which must not be random
    ///     then.
    ///   - report: takes notices for people; on standard error by default.
    /// - Throws: `DatasetError` where the files cannot be had, ``TransformError`` where a transform does not fit the
    ///   images, or `CancellationError`.
    public init(
        in location: DatasetLocation = DatasetLocation(), transform: any ImageTransform = ToTensor(),
        testTransform: (any ImageTransform)? = nil,
        report: @escaping @Sendable (DatasetNotice) -> Void = NoticeDisplay.standardError.show
    ) async throws {
        if testTransform == nil, transform.isRandom {
            throw TransformError(
                .randomEvaluation,
                "\(Self.description.title): the transform changes images at random, which would change the test images too. "
                    + "Give testTransform: the same steps without the random ones.")
        }
        let images = try await LabelledImages.open(Self.description, in: location, report: report)
        self.init(
            train: try ImageDataset(images.train, transform: transform),
            test: try ImageDataset(images.test, transform: testTransform ?? transform))
    }

    /// The classes; label `i` means `classNames[i]`.
    public var classNames: [String] { train.classNames }

    /// Whether images were generated because the real ones could not be had: results say nothing then.
    public var isSynthetic: Bool { train.isSynthetic || test.isSynthetic }

    /// The first images of both parts, for a quick trial; all for nil.
    public func limited(to count: Int?) -> Self {
        guard let count else { return self }
        return Self(train: train.limited(to: count), test: test.limited(to: count))
    }
}
