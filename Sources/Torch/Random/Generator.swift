import CTorch

/// A source of random numbers with a state of its own: PyTorch's CPU generator, with its streams.
///
/// ```swift
/// let generator = Generator(seed: 42)
/// let noise = Tensor.randn([2, 3], generator: generator)
/// ```
public final class Generator {
    let handle: ct_generator

    /// A generator that starts at a seed (PyTorch's `Generator().manual_seed`).
    public init(seed: UInt64) {
        guard let handle = ct_generator_new(seed) else { stopWithLastError("Generator", operands: []) }
        self.handle = handle
    }

    private init(owning handle: ct_generator) {
        self.handle = handle
    }

    deinit {
        ct_generator_release(handle)
    }

    /// The process-wide generator, which draws use when none is named.
    public static var `default`: Generator {
        guard let handle = ct_generator_default() else { stopWithLastError("Generator.default", operands: []) }
        return Generator(owning: handle)
    }

    /// Seeds the process-wide generators of all devices (PyTorch's `torch.manual_seed`).
    public static func seedAll(_ seed: UInt64) {
        require(ct_manual_seed(seed), "manual_seed", [])
    }

    /// The seed that the generator was last given; setting it starts the stream anew.
    public var seed: UInt64 {
        get { withExtendedLifetime(self) { ct_generator_seed(handle) } }
        set {
            require(withExtendedLifetime(self) { ct_generator_set_seed(handle, newValue) }, "Generator.seed", [])
        }
    }

    /// Where the stream is, as bytes (PyTorch's `get_state`).
    public func state() -> Tensor {
        withExtendedLifetime(self) { taken(ct_generator_state(handle), "Generator.state", []) }
    }

    /// Puts the stream where a state was taken.
    ///
    /// - Throws: `TorchError` when the bytes are not a generator's state.
    public func load(_ state: Tensor) throws {
        guard withExtendedLifetime((self, state), { ct_generator_set_state(handle, state.handle) }) else {
            throw TorchError.last("Generator.load")
        }
    }
}

@available(*, unavailable)
extension Generator: Sendable {}
