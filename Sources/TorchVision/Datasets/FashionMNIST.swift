public import DatasetFiles

/// Fashion-MNIST: pieces of clothing, 28×28, grey (Xiao, Rasul, Vollgraf, 2017).
///
/// ```swift
/// let data = try await FashionMNIST(in: "/data")
/// for try await (images, labels) in DataLoader(data.train, batchSize: 64) { … }   // [64, 1, 28, 28], [64]
/// ```
public struct FashionMNIST: ImageCollection {
    /// Files and mirrors.
    public static let description = DatasetDescription.fashionMNIST

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
