/// A value of a record: what JSON can hold, and the two kinds of floating-point number apart.
public enum RecordValue: Sendable, Hashable {
    /// A whole number.
    case integer(Int)
    /// A number of 64 bits, written with the fewest digits that read back as the same number.
    case number(Double)
    /// A number of 32 bits, written with nine significant digits, which read back as the same number.
    case single(Float)
    /// A text.
    case text(String)
    /// True or false.
    case flag(Bool)
    /// A list of values.
    case list([RecordValue])
    /// No value; JSON's `null`.
    case none

    /// The number, where it is one.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .single(let value): Double(value)
        case .text, .flag, .list, .none: nil
        }
    }
}

extension RecordValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A 64-bit number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    /// A list.
    public init(arrayLiteral elements: RecordValue...) { self = .list(elements) }
    /// No value.
    public init(nilLiteral: ()) { self = .none }
}
