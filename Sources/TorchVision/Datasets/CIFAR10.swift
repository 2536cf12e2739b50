public import DatasetFiles

/// CIFAR-10: photographs, 32×32, red, green, blue (Krizhevsky, 2009).
///
/// ```swift
/// let data = try await CIFAR10(in: "/data")
/// for try await (images, labels) in DataLoader(data.train, batchSize: 64) { … }   // [64, 3, 32, 32], [64]
/// ```
public struct CIFAR10: ImageCollection {
    /// Files and mirrors.
    public static let description = DatasetDescription.cifar10

    /// 50,000 images.
    public let train: ImageDataset
    /// 10,000 images.
    public let test: ImageDataset

    /// A set of two parts.
    public init(train: ImageDataset, test: ImageDataset) {
        self.train = train
        self.test = test
    }
}
