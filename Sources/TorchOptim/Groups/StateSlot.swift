/// A tensor that an optimizer keeps for each parameter.
public struct StateSlot: Hashable, Sendable {
    /// The name in the saved state, after the parameter's: PyTorch's, such as `momentum_buffer`.
    public let name: String
    /// Whether it is one `float32` number, rather than of the parameter's shape and type.
    public let isScalar: Bool

    /// Names a slot.
    public init(_ name: String, isScalar: Bool = false) {
        self.name = name
        self.isScalar = isScalar
    }
}

/// The slots that a step needs, by what the kernels use them for.
struct KernelSlots {
    var first: StateSlot?
    var second: StateSlot?
    var largest: StateSlot?
    var step: StateSlot?

    var all: [StateSlot] { [first, second, largest, step].compactMap { $0 } }
}
