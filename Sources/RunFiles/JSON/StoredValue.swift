/// A value as it stands in a JSON file, with the fields of objects in their order.
public indirect enum StoredValue: Sendable, Hashable {
    /// A name and its value.
    public struct Field: Sendable, Hashable {
        /// The name.
        public let name: String
        /// The value.
        public let value: StoredValue
    }

    /// A number, and its digits as they were written.
    case number(Double, literal: String)
    /// A text.
    case text(String)
    /// True or false.
    case flag(Bool)
    /// A list.
    case list([StoredValue])
    /// An object.
    case object([Field])
    /// JSON's `null`.
    case none

    /// The value that `bytes` hold, which may have nothing but space behind it; nil where they are no JSON.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = JSONReader(bytes)
        guard let value = reader.value(), reader.isAtEnd() else { return nil }
        self = value
    }

    /// The value of an object's field; nil where this is no object or has no such field.
    public subscript(_ name: String) -> StoredValue? {
        guard case .object(let fields) = self else { return nil }
        return fields.last { $0.name == name }?.value
    }

    /// The number, also where a text stands for one that is not finite.
    public var double: Double? {
        switch self {
        case .number(let value, _): value
        case .text(let text): JSONText.nonFinite(text)
        case .flag, .list, .object, .none: nil
        }
    }

    /// The whole number, where it is one.
    public var integer: Int? { double.flatMap { Int(exactly: $0) } }

    /// The number, where it is finite.
    var finite: Double? { double.flatMap { $0.isFinite ? $0 : nil } }

    /// The number of a step, where it is one.
    var step: Int? { double.flatMap { Int(step: $0) } }

    /// The text, where it is one.
    public var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The elements, where it is a list.
    public var list: [StoredValue]? {
        guard case .list(let elements) = self else { return nil }
        return elements
    }

    /// The value in words for a table: numbers as they were written, and nil for `null`.
    public var words: String? {
        switch self {
        case .number(_, let literal): literal.hasSuffix(".0") ? String(literal.dropLast(2)) : literal
        case .text(let text): text
        case .flag(let isTrue): isTrue ? "yes" : "no"
        case .list(let elements): elements.map { $0.words ?? "–" }.joined(separator: ", ")
        case .object(let fields): fields.map { "\($0.name): \($0.value.words ?? "–")" }.joined(separator: ", ")
        case .none: nil
        }
    }
}

extension Int {
    /// The number of a step; nil for what is none, of which the difference of two need not be a number either.
    init?(step: Double) {
        guard (0...0x1p53).contains(step) else { return nil }
        self.init(exactly: step)
    }
}
