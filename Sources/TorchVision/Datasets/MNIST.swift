public import DatasetFiles

/// MNIST: handwritten digits, 28×28, grey (LeCun, Cortes, Burges).
///
/// ```swift
/// let data = try await MNIST(in: "/data")
/// for try await (images, labels) in DataLoader(data.train, batchSize: 64) { … }   // [64, 1, 28, 28], [64]
/// ```
public struct MNIST: ImageCollection {
    /// Files and mirrors.
    public static let description = DatasetDescription.mnist

    /// 60,000 images.
    public let train: ImageDataset
    /// 10,000 images.
    public let test: ImageDataset

    /// A set of two parts.
    public init(train: ImageDataset, test: ImageDataset) {
        self.train = train
        self.test = test
    }
}
