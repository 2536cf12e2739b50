/// JSON on its way out.
enum JSON: Sendable, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    case object([(String, JSON)])
    case list([JSON])
    case text(String)
    case whole(Int)
    /// A number; `null` where it is not finite.
    case number(Double)
    case flag(Bool)
    case steps([Int32])
    case values([Float])
    case null

    init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
    init(arrayLiteral elements: JSON...) { self = .list(elements) }
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .whole(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(nilLiteral: ()) { self = .null }
    init(_ value: Int?) { self = value.map(JSON.whole) ?? .null }
    init(_ value: Double?) { self = value.map(JSON.number) ?? .null }
    init(_ value: String?) { self = value.map(JSON.text) ?? .null }
    init(_ values: [String]) { self = .list(values.map(JSON.text)) }

    /// The bytes.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .object(let fields):
            Self.append(fields, between: "{", "}", to: &bytes) { field, bytes in
                Self.append(text: field.0, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                field.1.append(to: &bytes)
            }
        case .list(let values): Self.append(values, between: "[", "]", to: &bytes) { $0.append(to: &$1) }
        case .text(let text): Self.append(text: text, to: &bytes)
        case .whole(let value): bytes.append(contentsOf: value.description.utf8)
        case .number(let value): bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .flag(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .steps(let values):
            Self.append(values, between: "[", "]", to: &bytes) { $1.append(contentsOf: $0.description.utf8) }
        case .values(let values):
            Self.append(values, between: "[", "]", to: &bytes) { value, bytes in
                bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
            }
        case .null: bytes.append(contentsOf: "null".utf8)
        }
    }

    private static func append<Value>(
        _ values: [Value], between open: Unicode.Scalar, _ close: Unicode.Scalar, to bytes: inout [UInt8],
        _ append: (Value, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: open))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(value, &bytes)
        }
        bytes.append(UInt8(ascii: close))
    }

    private static func append(text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
