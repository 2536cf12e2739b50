public import Torch

/// How often each class was taken for each other one.
///
/// Outputs: scores (N, classes). Targets: class numbers (N) as `int64`.
public struct ConfusionMatrix: Metric {
    /// Counts of (true class, predicted class).
    public struct Value: Hashable, Sendable {
        /// One row a true class, one column a predicted one.
        public let counts: [[Int]]

        /// The share of each class's samples that were recognised (recall); nil for a class without samples.
        public var recall: [Double?] {
            counts.enumerated().map { index, row in
                let total = row.reduce(0, +)
                return total == 0 ? nil : Double(row[index]) / Double(total)
            }
        }

        /// The share of right samples among those taken for each class (precision); nil for a class never predicted.
        public var precision: [Double?] {
            counts.indices.map { index in
                let total = counts.reduce(0) { $0 + $1[index] }
                return total == 0 ? nil : Double(counts[index][index]) / Double(total)
            }
        }
    }

    /// The number of classes.
    public let classes: Int

    /// A matrix of `classes` × `classes` counts.
    public init(classes: Int) {
        self.classes = classes
    }

    /// The counts, row by row.
    public func sums(outputs: Tensor, targets: Tensor) -> Tensor {
        let cells = targets * classes + outputs.argmax(dim: 1)
        return cells.bincount(minLength: classes * classes).to(.float64)
    }

    /// The counts as rows.
    public func value(of sums: [Double]) -> Value {
        Value(counts: (0..<classes).map { row in (0..<classes).map { Int(sums[row * classes + $0]) } })
    }
}
