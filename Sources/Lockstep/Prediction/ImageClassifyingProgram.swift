import Checkpointing
import Foundation
import Launching
public import Torch
public import TorchVision

/// A training program whose network can classify image files afterwards, with `--predict`.
///
/// ```swift
/// @OptionGroup var prediction: PredictionOptions
///
/// func classifier(for weights: StateDictionary) -> ImageClassifier {
///     ImageClassifier(Self.network(), format: ImageFormat(channels: 1, height: 28, width: 28), classNames: names)
/// }
/// ```
public protocol ImageClassifyingProgram: TrainingProgram {
    /// The images and weights of `--predict`; declare them with `@OptionGroup`.
    var prediction: PredictionOptions { get }

    /// The network, with any weights, and what it takes to classify images with it.
    ///
    /// - Parameter weights: what will be loaded into the network, where its form depends on that.
    func classifier(for weights: StateDictionary) throws -> ImageClassifier
}

extension ImageClassifyingProgram {
    /// How many images of an IDX file are classified unless `--limit` says so.
    private static var standardCount: Int { 10 }
    /// How many classes of an image are named.
    private static var namedClasses: Int { 3 }

    /// Classifies the images of `--predict` and prints a line for each; false where there are none, and nothing was done.
    func predicts() throws -> Bool {
        guard !prediction.predict.isEmpty else { return false }
        guard !options.launch.startsProcesses else {
            throw TrainingError(.invalidOption, "--predict works in one process: leave --nproc and --nnodes away.")
        }
        let entries = try prediction.predict.flatMap {
            try ImageFile.load(from: $0, limit: options.limit ?? Self.standardCount)
        }
        let file = try SavedWeights.path(
            named: prediction.weights, run: options.runDirectory, program: Self._commandName)
        let weights = try Weights.load(from: file)
        let classifier = try classifier(for: weights.tensors)
        try classifier.network.load(weights.tensors)
        for notice in weights.notices + ["weights of \(file)"] + Self.changes(of: entries, for: classifier) {
            FileHandle.standardError.write(Data("lockstep: \(notice)\n".utf8))
        }
        for (entry, predictions) in zip(entries, try classifier.predictions(for: entries.map(\.image))) {
            let texts = predictions.prefix(Self.namedClasses).map {
                "\($0.className) \(100 * $0.probability, decimals: 1) %"
            }
            Swift.print("\(entry.name): \(texts.joined(separator: ", "))")
        }
        return true
    }

    /// What is done to images so that they fit the network, in a line at most.
    private static func changes(of entries: [ImageFile.Entry], for classifier: ImageClassifier) -> [String] {
        let changes = entries.map { classifier.changes($0.image) }
        let (resized, converted) = (changes.count(where: \.size), changes.count(where: \.channels))
        let format = classifier.format
        let parts = [
            resized > 0 ? "\(counted(resized, "image")) resized to \(format.height)×\(format.width)" : nil,
            converted > 0 ? "\(counted(converted, "image")) made \(format.channels == 1 ? "grey" : "coloured")" : nil,
        ].compactMap(\.self)
        return parts.isEmpty ? [] : [parts.joined(separator: ", ")]
    }
}
