/// JSON as it grows, byte by byte.
///
/// JSON has no notation for what is not finite: those numbers become the texts `"NaN"`, `"Infinity"` and `"-Infinity"`.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []

    /// Appends bytes that are JSON already, or the white space between.
    mutating func append(raw text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends a record on one line, without a line feed.
    mutating func append(_ record: MetricsRecord) {
        append(raw: "{")
        var isFirst = true
        for field in record.fields {
            if !isFirst { append(raw: ",") }
            isFirst = false
            append(text: field.name)
            append(raw: ":")
            append(field.value)
        }
        append(raw: "}")
    }

    /// Appends a value.
    mutating func append(_ value: RecordValue) {
        switch value {
        case .integer(let value): bytes.append(contentsOf: value.description.utf8)
        case .number(let value): append(value)
        case .single(let value): append(value)
        case .text(let value): append(text: value)
        case .flag(let value): append(raw: value ? "true" : "false")
        case .none: append(raw: "null")
        case .list(let values):
            append(raw: "[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(raw: ",") }
                append(value)
            }
            append(raw: "]")
        }
    }

    /// Appends a text in quotation marks.
    mutating func append(text: String) {
        append(raw: "\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append(raw: "\\\"")
            case UInt8(ascii: "\\"): append(raw: "\\\\")
            case UInt8(ascii: "\n"): append(raw: "\\n")
            case UInt8(ascii: "\r"): append(raw: "\\r")
            case UInt8(ascii: "\t"): append(raw: "\\t")
            case 0..<0x20:
                append(raw: "\\u00")
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        append(raw: "\"")
    }

    /// Appends a 64-bit number with the fewest digits that read back as itself.
    mutating func append(_ value: Double) {
        guard value.isFinite else { return appendNotFinite(value.isNaN, value < 0) }
        bytes.append(contentsOf: value.description.utf8)
    }

    /// Appends a 32-bit number with nine significant digits.
    mutating func append(_ value: Float) {
        guard value.isFinite else { return appendNotFinite(value.isNaN, value < 0) }
        NineDigits(value).append(to: &bytes)
    }

    private mutating func appendNotFinite(_ isNaN: Bool, _ isNegative: Bool) {
        append(raw: isNaN ? "\"NaN\"" : isNegative ? "\"-Infinity\"" : "\"Infinity\"")
    }

    /// Appends a line feed.
    mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    /// Gives the bytes away and starts again.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Puts bytes in front.
    mutating func putBack(_ front: ArraySlice<UInt8>) {
        bytes.insert(contentsOf: front, at: 0)
    }
}
