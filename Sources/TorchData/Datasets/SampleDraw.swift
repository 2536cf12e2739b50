/// The random numbers of one sample in one epoch.
///
/// They are a function of (seed, epoch, sample, stream) and of nothing else: neither the batch, nor the worker, nor
/// the rank that a sample falls to changes them, and no generator is shared. With `mix` the finaliser of SplitMix64
/// (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) and γ = 0x9E3779B97F4A7C15:
///
///     key = mix(mix(mix(seed + γ) ⊕ epoch + γ) ⊕ sample + γ)
///     key of stream s = mix(key ⊕ (s + 1) · γ)
///     n-th number = mix(key + n · γ), n = 1, 2, …
public struct SampleDraw: RandomNumberGenerator, Sendable {
    private let key: UInt64
    private var counter: UInt64 = 0

    /// The draws of a sample.
    public init(seed: UInt64, epoch: Int, sample: Int) {
        var key = Self.mix(seed &+ Self.gamma)
        key = Self.mix((key ^ UInt64(bitPattern: Int64(epoch))) &+ Self.gamma)
        key = Self.mix((key ^ UInt64(bitPattern: Int64(sample))) &+ Self.gamma)
        self.key = key
    }

    private init(key: UInt64) {
        self.key = key
    }

    /// Draws of the same sample that are independent of these: one stream for each step of a pipeline.
    public func stream(_ number: Int) -> SampleDraw {
        SampleDraw(key: Self.mix(key ^ (UInt64(bitPattern: Int64(number)) &+ 1) &* Self.gamma))
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        counter &+= Self.gamma
        return Self.mix(key &+ counter)
    }

    /// A uniform integer from 0 up to, not including, `bound`; 0 for a bound below 1.
    ///
    /// It is ⌊bits · bound / 2⁶⁴⌋, whose bias is below bound / 2⁶⁴.
    public mutating func integer(below bound: Int) -> Int {
        let bits = next()
        guard bound > 0 else { return 0 }
        return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Whether an event of a probability happens.
    public mutating func happens(withProbability probability: Double) -> Bool {
        uniform() < probability
    }

    private static let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
