import Foundation
import Torch

/// Which classes this rank's share of an evaluation was taken for, and where that was most wrong.
struct EvaluationRecord {
    /// A sample that was taken for another class.
    struct Mistake: Equatable {
        /// The sample's number in the data set.
        let index: Int
        let label: Int
        let predicted: Int
        /// Of the class that it was taken for.
        let probability: Double
        let loss: Double

        /// The mistake as a line, for other ranks.
        var line: String { "\(index) \(label) \(predicted) \(probability) \(loss)" }

        init(index: Int, label: Int, predicted: Int, probability: Double, loss: Double) {
            self.index = index
            self.label = label
            self.predicted = predicted
            self.probability = probability
            self.loss = loss
        }

        /// Reads a line; nil for any other text.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard fields.count == 5, let index = Int(fields[0]), let label = Int(fields[1]),
                let predicted = Int(fields[2]),
                let probability = Double(fields[3]), let loss = Double(fields[4])
            else { return nil }
            self.init(index: index, label: label, predicted: predicted, probability: probability, loss: loss)
        }
    }

    /// With more classes nobody looks at the table.
    static let mostClasses = 200
    /// So many of the worst mistakes are kept.
    static let mostMistakes = 40

    /// How many classes there are; 0 before the first batch, and where the outputs are no scores of classes.
    private(set) var classCount = 0
    /// How often each label was taken for each class, row by row.
    private(set) var confusion: [Double] = []
    /// The mistakes with the largest losses, the worst first.
    private(set) var mistakes: [Mistake] = []

    /// Adds a batch.
    ///
    /// - Parameters:
    ///   - outputs: scores (N, classes); anything else is passed over.
    ///   - targets: class numbers (N).
    ///   - losses: of each sample.
    ///   - index: a sample's number in the data set, by its place in the batch.
    mutating func add(_ outputs: Tensor, _ targets: Tensor, losses: Tensor, index: (Int) -> Int) {
        guard outputs.dim == 2, targets.dim == 1, targets.dtype == .int64, losses.shape == targets.shape,
            (2...Self.mostClasses).contains(outputs.size(1)), classCount == 0 || classCount == outputs.size(1)
        else { return }
        if classCount == 0 {
            classCount = outputs.size(1)
            confusion = Array(repeating: 0, count: classCount * classCount)
        }
        let predictions = outputs.argmax(dim: 1)
        let scores = outputs.to(.float32).logSoftmax(dim: 1).max(dim: 1).values
        let (labels, classes) = (targets.array(of: Int.self), predictions.array(of: Int.self))
        let (values, logarithms) = (losses.to(.float32).array(of: Float.self), scores.array(of: Float.self))
        for (place, (label, predicted)) in zip(labels, classes).enumerated() {
            guard (0..<classCount).contains(label) else { continue }
            confusion[label * classCount + predicted] += 1
            guard label != predicted else { continue }
            let loss = Double(values[place])
            if mistakes.count == Self.mostMistakes, let last = mistakes.last, !(loss > last.loss) { continue }
            insert(
                Mistake(
                    index: index(place), label: label, predicted: predicted,
                    probability: exp(Double(logarithms[place])), loss: loss))
        }
    }

    /// Adds a mistake where it belongs.
    private mutating func insert(_ mistake: Mistake) {
        let place = mistakes.firstIndex { $0.loss < mistake.loss } ?? mistakes.count
        mistakes.insert(mistake, at: place)
        if mistakes.count > Self.mostMistakes { mistakes.removeLast() }
    }

    /// The worst of several ranks' mistakes.
    static func worst(_ ranks: [[Mistake]]) -> [Mistake] {
        Array(ranks.joined().sorted { ($0.loss, $1.index) > ($1.loss, $0.index) }.prefix(mostMistakes))
    }
}
