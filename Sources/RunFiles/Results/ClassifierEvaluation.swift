import Foundation

/// What `evaluation.json` says about a classifier: whom it confuses, and its worst mistakes.
public struct ClassifierEvaluation: Sendable, Hashable {
    /// A sample that was given a wrong class.
    public struct Mistake: Sendable, Hashable {
        /// The sample's place in its data set.
        public let index: Int?
        /// The class that it has.
        public let label: Int
        /// The class that it was given.
        public let predicted: Int
        /// The probability of the predicted class, from 0 to 1.
        public let probability: Double?
        /// Its loss.
        public let loss: Double?
        /// Its image, where there is one.
        public let image: Pixels?
    }

    /// An image, row by row, channels last, a byte each.
    public struct Pixels: Sendable, Hashable {
        /// In pixels.
        public let width, height: Int
        /// 1 for grey, 3 for colours.
        public let channels: Int
        /// `width * height * channels` of them.
        public let bytes: [UInt8]

        /// An image; nil where the bytes are too few or too many.
        public init?(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
            guard (1...4096).contains(width), (1...4096).contains(height), (1...4).contains(channels),
                bytes.count == width * height * channels
            else { return nil }
            (self.width, self.height, self.channels, self.bytes) = (width, height, channels, bytes)
        }
    }

    /// The step after which it was evaluated.
    public let step: Int?
    /// The epoch after which it was evaluated.
    public let epoch: Int?
    /// A name for each class, or fewer.
    public let classNames: [String]
    /// Counts: a row for each class that samples have, a column for each that they were given.
    ///
    /// Square, or empty.
    public let confusion: [[Int]]
    /// The worst first.
    public let mistakes: [Mistake]

    /// So that sums of counts are numbers too.
    private static let largestCount = 1 << 36

    /// The evaluation in a value; unknown fields, and rows that do not fit, are passed over.
    public init(_ value: StoredValue) {
        step = value["step"]?.integer
        epoch = value["epoch"]?.integer
        classNames = (value["class_names"]?.list ?? []).map { $0.words ?? "" }
        let rows = (value["confusion"]?.list ?? []).map {
            ($0.list ?? []).map { min(max(0, $0.integer ?? 0), Self.largestCount) }
        }
        confusion = rows.allSatisfy { $0.count == rows.count } ? rows : []
        mistakes = (value["mistakes"]?.list ?? []).compactMap(Mistake.init)
    }

    /// The name of a class, or its number.
    public func name(of label: Int) -> String {
        classNames.indices.contains(label) && !classNames[label].isEmpty ? classNames[label] : "\(label)"
    }
}

extension ClassifierEvaluation.Mistake {
    fileprivate init?(_ value: StoredValue) {
        guard let label = value["label"]?.integer, let predicted = value["predicted"]?.integer else { return nil }
        index = value["index"]?.integer
        (self.label, self.predicted) = (label, predicted)
        probability = value["probability"]?.double
        loss = value["loss"]?.double
        if let width = value["width"]?.integer, let height = value["height"]?.integer,
            let pixels = value["pixels"]?.text.flatMap({ Data(base64Encoded: $0) })
        {
            image = ClassifierEvaluation.Pixels(
                width: width, height: height, channels: value["channels"]?.integer ?? 1, bytes: Array(pixels))
        } else {
            image = nil
        }
    }
}
