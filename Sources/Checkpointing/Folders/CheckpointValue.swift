/// A plain value of a checkpoint's record: what JSON can hold, with whole and other numbers told apart.
///
/// Numbers come back from a file as the same bits, infinities and NaN as what they were.
public enum CheckpointValue: Sendable, Hashable {
    /// A text.
    case text(String)
    /// A whole number.
    case integer(Int)
    /// A number of 64 bits.
    case number(Double)
    /// True or false.
    case flag(Bool)
    /// A list of values.
    case list([CheckpointValue])
    /// Values by name.
    case object([String: CheckpointValue])
    /// No value; JSON's `null`.
    case none

    /// The text, where it is one.
    public var textValue: String? {
        guard case .text(let value) = self else { return nil }
        return value
    }

    /// The whole number, where it is one.
    public var integerValue: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The number, whole or not, where it is one.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text, .flag, .list, .object, .none: nil
        }
    }

    /// Whether it is true, where it is a flag.
    public var flagValue: Bool? {
        guard case .flag(let value) = self else { return nil }
        return value
    }

    /// The values of the list, where it is one.
    public var listValue: [CheckpointValue]? {
        guard case .list(let value) = self else { return nil }
        return value
    }

    /// The values by name, where it is an object.
    public var objectValue: [String: CheckpointValue]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The value of a name; nil where this is no object, or has no such name.
    public subscript(name: String) -> CheckpointValue? { objectValue?[name] }
}

extension CheckpointValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
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
    public init(arrayLiteral elements: CheckpointValue...) { self = .list(elements) }
    /// Values by name; of a name that is given twice, the last.
    public init(dictionaryLiteral elements: (String, CheckpointValue)...) {
        self = .object(Dictionary(elements) { $1 })
    }
    /// No value.
    public init(nilLiteral: ()) { self = .none }
}
