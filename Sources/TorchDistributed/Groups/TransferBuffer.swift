import Torch

/// A tensor in the form in which the backend can move it.
///
/// Gloo needs elements that lie one after another, and knows neither 16-bit integers nor booleans: such tensors travel
/// as a copy, which is copied back where the collective changes them.
struct TransferBuffer {
    let original: Tensor
    let buffer: Tensor

    init(_ tensor: Tensor, dtype: DType? = nil) {
        original = tensor
        let plain = tensor.detach()
        let type = dtype ?? Self.carrier(for: tensor.dtype)
        let carried = type == plain.dtype ? plain : plain.to(type)
        buffer = carried.isContiguous ? carried : carried.contiguous()
    }

    /// The type that a type travels as.
    static func carrier(for dtype: DType) -> DType {
        switch dtype {
        case .int16: .int32
        case .bool: .uint8
        default: dtype
        }
    }

    /// Takes over what the collective has put into the buffer.
    func restore() {
        guard !buffer.sharesStorage(with: original) else { return }
        withoutGradients { original.copy(from: buffer.dtype == original.dtype ? buffer : buffer.to(original.dtype)) }
    }
}
