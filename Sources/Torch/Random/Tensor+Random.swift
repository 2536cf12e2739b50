import CTorch

// Draws take a generator, or the process-wide one; the same seed gives PyTorch's numbers.
extension Tensor {
    /// Uniform numbers in [0, 1).
    public static func rand(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) -> Tensor {
        drawn("rand", shape, generator) { ct_rand($0, $1, device.options(dtype), $2) }
    }
    /// Normal numbers with mean 0 and variance 1.
    public static func randn(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) -> Tensor {
        drawn("randn", shape, generator) { ct_randn($0, $1, device.options(dtype), $2) }
    }
    /// Uniform integers of a range.
    public static func randint(
        _ range: Range<Int>, _ shape: [Int], dtype: DType = .int64, device: Device = .cpu, generator: Generator? = nil
    ) -> Tensor {
        drawn("randint", shape, generator) {
            ct_randint(Int64(range.lowerBound), Int64(range.upperBound), $0, $1, device.options(dtype), $2)
        }
    }
    /// The integers below `count` in random order.
    public static func randperm(_ count: Int, generator: Generator? = nil) -> Tensor {
        withExtendedLifetime(generator) {
            taken(ct_randperm(Int64(count), generator?.handle), "randperm", [])
        }
    }

    private static func drawn(
        _ operation: StaticString, _ shape: [Int], _ generator: Generator?,
        _ body: (UnsafePointer<Int64>, Int32, ct_generator?) -> ct_tensor?
    ) -> Tensor {
        withExtendedLifetime(generator) {
            withDimensions(shape) { taken(body($0, $1, generator?.handle), operation, []) }
        }
    }

    /// Fills the tensor with uniform numbers in [low, high).
    @discardableResult
    public func uniform(_ low: Double = 0, _ high: Double = 1, generator: Generator? = nil) -> Tensor {
        filled("uniform_", generator) { ct_uniform_($0, low, high, $1) }
    }
    /// Fills the tensor with normal numbers.
    @discardableResult
    public func normal(mean: Double = 0, std: Double = 1, generator: Generator? = nil) -> Tensor {
        filled("normal_", generator) { ct_normal_($0, mean, std, $1) }
    }
    /// Fills the tensor with ones, each with probability `p`, and zeros.
    @discardableResult
    public func bernoulli(_ p: Double, generator: Generator? = nil) -> Tensor {
        filled("bernoulli_", generator) { ct_bernoulli_($0, p, $1) }
    }
    /// Fills the tensor with exponentially distributed numbers of rate `lambda`.
    @discardableResult
    public func exponential(_ lambda: Double = 1, generator: Generator? = nil) -> Tensor {
        filled("exponential_", generator) { ct_exponential_($0, lambda, $1) }
    }

    private func filled(
        _ operation: StaticString, _ generator: Generator?, _ body: (ct_tensor, ct_generator?) -> Bool
    ) -> Tensor {
        require(
            withExtendedLifetime(generator) { withHandle { body($0, generator?.handle) } }, operation, [self])
        return self
    }

    /// Ones with the probabilities in this tensor, and zeros (PyTorch's `bernoulli`).
    public func bernoulliDraw(generator: Generator? = nil) -> Tensor {
        withExtendedLifetime(generator) { mapped("bernoulli") { ct_bernoulli($0, generator?.handle) } }
    }
    /// Indices drawn with the weights in this tensor (PyTorch's `multinomial`).
    public func multinomial(_ count: Int, replacement: Bool = false, generator: Generator? = nil) -> Tensor {
        withExtendedLifetime(generator) {
            mapped("multinomial") { ct_multinomial($0, Int64(count), replacement, generator?.handle) }
        }
    }
}
