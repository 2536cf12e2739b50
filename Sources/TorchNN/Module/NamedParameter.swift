public import Torch

/// A parameter and its name in the model, such as `layers.0.weight`.
///
/// Optimizers take these, so that their state can be saved and restored by name.
public struct NamedParameter {
    /// The name, as in PyTorch's `named_parameters()`.
    public let name: String
    /// The tensor, which is the model's own.
    public let tensor: Tensor

    /// Names a tensor.
    public init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}
