/// Which part of a data set: the images to learn from, or those to be tested on.
public enum DatasetSplit: String, Sendable, Hashable, CaseIterable {
    /// The training images.
    case train
    /// The test images.
    case test
}
