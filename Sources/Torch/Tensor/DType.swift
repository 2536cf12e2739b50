/// The type of a tensor's elements; raw values are LibTorch's.
public enum DType: Int8, CaseIterable, Sendable, CustomStringConvertible {
    /// Unsigned 8-bit integers.
    case uint8 = 0
    /// Signed 8-bit integers.
    case int8 = 1
    /// Signed 16-bit integers.
    case int16 = 2
    /// Signed 32-bit integers.
    case int32 = 3
    /// Signed 64-bit integers: indices and labels.
    case int64 = 4
    /// IEEE half precision.
    case float16 = 5
    /// IEEE single precision: the default of new tensors.
    case float32 = 6
    /// IEEE double precision.
    case float64 = 7
    /// Booleans, a byte each.
    case bool = 11
    /// The upper half of a `float32`.
    case bfloat16 = 15

    /// PyTorch's name, such as `float32`.
    public var description: String {
        switch self {
        case .uint8: "uint8"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float16: "float16"
        case .float32: "float32"
        case .float64: "float64"
        case .bool: "bool"
        case .bfloat16: "bfloat16"
        }
    }

    /// The size of an element in bytes.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether elements are floating-point numbers, which gradients need.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }
}
