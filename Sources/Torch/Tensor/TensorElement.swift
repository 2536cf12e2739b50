import CTorch

/// A Swift type whose values a tensor can hold.
public protocol TensorElement: Sendable {
    /// The type of a tensor of such elements.
    static var dtype: DType { get }
    /// The element that a number read from a tensor stands for.
    init(_ number: TensorNumber)
    /// The number that is handed to LibTorch.
    var tensorNumber: TensorNumber { get }
}

/// A number on its way to or from LibTorch: an integer stays one, so that types are promoted as in PyTorch.
public enum TensorNumber: Sendable {
    /// A floating-point number.
    case real(Double)
    /// An integer.
    case integer(Int64)
    /// A truth value.
    case boolean(Bool)

    init(_ scalar: ct_scalar) {
        switch scalar.kind {
        case 1: self = .integer(scalar.integer)
        case 2: self = .boolean(scalar.integer != 0)
        default: self = .real(scalar.real)
        }
    }

    var scalar: ct_scalar {
        switch self {
        case .real(let value): ct_scalar(real: value, integer: 0, kind: 0)
        case .integer(let value): ct_scalar(real: Double(value), integer: value, kind: 1)
        case .boolean(let value): ct_scalar(real: value ? 1 : 0, integer: value ? 1 : 0, kind: 2)
        }
    }

    /// The number as a `Double`.
    public var doubleValue: Double {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .boolean(let value): value ? 1 : 0
        }
    }

    /// The number as an `Int64`, fractions cut off; nil where it has no such value.
    public var integerValue: Int64? {
        switch self {
        case .real(let value): value.isFinite ? Int64(exactly: value.rounded(.towardZero)) : nil
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        }
    }
}

extension BinaryFloatingPoint where Self: TensorElement {
    /// The nearest value of this type.
    public init(_ number: TensorNumber) { self.init(number.doubleValue) }
    /// The value as a real number.
    public var tensorNumber: TensorNumber { .real(Double(self)) }
}

extension FixedWidthInteger where Self: TensorElement {
    /// The value as this type, clamped to its range; a number without an integer value gives zero.
    public init(_ number: TensorNumber) { self.init(clamping: number.integerValue ?? 0) }
    /// The value as an integer.
    public var tensorNumber: TensorNumber { .integer(Int64(clamping: self)) }
}

extension Float: TensorElement {
    /// `float32`.
    public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
    /// `float64`.
    public static var dtype: DType { .float64 }
}
extension Int: TensorElement {
    /// `int64`.
    public static var dtype: DType { .int64 }
}
extension Int64: TensorElement {
    /// `int64`.
    public static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
    /// `int32`.
    public static var dtype: DType { .int32 }
}
extension Int16: TensorElement {
    /// `int16`.
    public static var dtype: DType { .int16 }
}
extension Int8: TensorElement {
    /// `int8`.
    public static var dtype: DType { .int8 }
}
extension UInt8: TensorElement {
    /// `uint8`.
    public static var dtype: DType { .uint8 }
}
extension Bool: TensorElement {
    /// `bool`.
    public static var dtype: DType { .bool }
    /// Whether the number is not zero.
    public init(_ number: TensorNumber) { self = number.doubleValue != 0 }
    /// The value as a truth value.
    public var tensorNumber: TensorNumber { .boolean(self) }
}
