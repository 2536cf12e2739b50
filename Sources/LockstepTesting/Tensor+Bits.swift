import Torch

extension Tensor {
    /// The bits of the elements of a `float32` tensor, which also tell zeros of either sign apart.
    package var bits: [UInt32] { detach().array(of: Float.self).map(\.bitPattern) }
}
