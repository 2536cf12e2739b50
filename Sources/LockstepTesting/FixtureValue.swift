/// A value of a fixture's table whose type differs from case to case, such as an operation's arguments.
public enum FixtureValue: Decodable, Sendable {
    /// `null`
    case none
    /// `true` or `false`
    case truth(Bool)
    /// A number without a fraction.
    case integer(Int)
    /// Any other number.
    case real(Double)
    /// A string.
    case text(String)
    /// A list.
    case list([FixtureValue])
    /// A table of names and values.
    case table([String: FixtureValue])

    /// Takes whatever stands there.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .none
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .real(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([FixtureValue].self) {
            self = .list(value)
        } else {
            self = .table(try container.decode([String: FixtureValue].self))
        }
    }

    /// The truth value, if it is one.
    public var bool: Bool? {
        if case .truth(let value) = self { value } else { nil }
    }

    /// The integer, if it is one.
    public var int: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The number, if it is one.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    /// The string, if it is one.
    public var string: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The elements, if it is a list.
    public var elements: [FixtureValue]? {
        if case .list(let values) = self { values } else { nil }
    }

    /// The integers, if it is a list of them or one alone.
    public var ints: [Int]? {
        switch self {
        case .integer(let value): [value]
        case .list(let values) where values.allSatisfy { $0.int != nil }: values.compactMap(\.int)
        default: nil
        }
    }

    /// The entries, if it is a table.
    public var entries: [String: FixtureValue]? {
        if case .table(let entries) = self { entries } else { nil }
    }
}
