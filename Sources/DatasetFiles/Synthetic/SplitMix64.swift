/// The generator SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64: Sendable {
    private var state: UInt64

    /// A generator whose numbers depend on the words alone, and in no simple way on any of them.
    init(_ words: UInt64...) {
        state = 0
        for word in words {
            state ^= word
            state = next()
        }
    }

    /// The next 64 random bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number from 0 up to `bound`; the bias of the remainder is below 2⁻⁵⁰ for the bounds used here.
    mutating func next(below bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }
}
