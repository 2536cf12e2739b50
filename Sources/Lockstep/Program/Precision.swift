public import ArgumentParser
import Torch

/// In what the layers of a model compute.
public enum Precision: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// The type of the model's parameters.
    case float32
    /// `bfloat16` where layers gain from it: as wide a range as `float32`, with fewer digits.
    case bfloat16
    /// `float16` where layers gain from it, with a factor on the loss that keeps gradients from vanishing.
    case float16

    /// The type for ``withAutocast(_:_:)``; nil for none.
    var autocast: DType? {
        switch self {
        case .float32: nil
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}
