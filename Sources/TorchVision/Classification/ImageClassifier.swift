public import Torch
import TorchData
public import TorchNN

/// A trained network with what it takes to classify images from files: their size, the transform, and the classes.
public struct ImageClassifier {
    /// A class and how probable the network holds it.
    public struct Prediction: Hashable, Sendable {
        /// The name of the class.
        public let className: String
        /// From 0 to 1; those of all classes add up to 1.
        public let probability: Double
    }

    /// The network: N×C×H×W to one score, or logarithm of a probability, for each class.
    public let network: any Layer<Tensor, Tensor>
    /// The format in which images are stored before the transform.
    public let format: ImageFormat
    /// The classes in the order of the scores.
    public let classNames: [String]
    /// What becomes of a stored image, as in the evaluation of the network.
    public let transform: any ImageTransform

    /// A classifier.
    ///
    /// - Parameters:
    ///   - network: the network.
    ///   - format: the format of the stored images that it was trained on: 1 or 3 channels of bytes.
    ///   - classNames: the classes in the order of the scores.
    ///   - transform: what becomes of a stored image.
    public init(
        _ network: any Layer<Tensor, Tensor>, format: ImageFormat, classNames: [String],
        transform: any ImageTransform = ToTensor()
    ) {
        self.network = network
        self.format = format
        self.classNames = classNames
        self.transform = transform
    }

    /// Whether an image has another size or other channels than the network takes.
    public func changes(_ image: StoredImage) -> (size: Bool, channels: Bool) {
        (image.height != format.height || image.width != format.width, image.channels != format.channels)
    }

    /// The classes of images, the most probable first; those of equal probability in the classes' order.
    ///
    /// Images of another size are resized to the mean of areas, and colours and grey made of each other. The network is
    /// in evaluation mode meanwhile.
    ///
    /// - Throws: ``TransformError`` where the transform does not fit the images, or the network does not give a score for
    ///   each class.
    public func predictions(for images: [StoredImage]) throws -> [[Prediction]] {
        let wasTraining = network.isTraining
        network.eval()
        defer { network.train(wasTraining) }
        var predictions: [[Prediction]] = []
        // A batch at a time, whatever the number of images.
        for start in stride(from: 0, to: images.count, by: 64) {
            predictions += try batch(images[start..<min(start + 64, images.count)])
        }
        return predictions
    }

    private func batch(_ images: ArraySlice<StoredImage>) throws -> [[Prediction]] {
        let pixels = images.flatMap {
            $0.converted(toChannels: format.channels).resized(height: format.height, width: format.width).pixels
        }
        let dataset = try ImageDataset(
            pixels: pixels, labels: Array(repeating: 0, count: images.count), channels: format.channels,
            height: format.height, width: format.width, classNames: classNames, transform: transform)
        let (inputs, _) = try dataset.batch(at: BatchIndices(0..<images.count))
        let device = network.parameters.first?.tensor.device ?? .cpu
        let scores = withoutGradients { network(inputs.to(device)).to(.cpu).to(.float64).softmax(dim: -1) }
        guard scores.shape == [images.count, classNames.count] else {
            throw TransformError(
                .wrongSize,
                "the network gives scores of shape \(scores.shape) for \(images.count) images of \(classNames.count) "
                    + "classes. Expected one row an image and one column a class.")
        }
        let probabilities = scores.array(of: Double.self)
        return images.indices.map { index in
            let row = (index - images.startIndex) * classNames.count
            let order = classNames.indices.sorted { first, second in
                let (p, q) = (probabilities[row + first], probabilities[row + second])
                return p != q ? p > q : first < second
            }
            return order.map { Prediction(className: classNames[$0], probability: probabilities[row + $0]) }
        }
    }
}
