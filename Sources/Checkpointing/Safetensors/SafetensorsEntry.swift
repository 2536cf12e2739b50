/// A tensor in a safetensors file: what its bytes mean and where they are.
public struct SafetensorsEntry: Sendable, Equatable {
    /// The tensor's name, such as `layers.0.weight`.
    public let name: String

    /// The type of its elements.
    public let dtype: SafetensorsDType

    /// Its dimensions, the last one contiguous; empty for a scalar.
    public let shape: [Int]

    /// Where its bytes are, counted from the start of the file.
    public let byteRange: Range<Int>

    /// Creates an entry.
    init(name: String, dtype: SafetensorsDType, shape: [Int], byteRange: Range<Int>) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.byteRange = byteRange
    }
}
