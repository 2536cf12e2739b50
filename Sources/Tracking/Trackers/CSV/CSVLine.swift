/// Values as a line of CSV (RFC 4180), with a line feed at its end.
struct CSVLine {
    private(set) var bytes: [UInt8] = []

    /// Appends a comma where the line has a field already.
    private var isFirst = true

    private mutating func beginField() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
    }

    /// Appends a value; numbers that are not finite are `nan`, `inf` and `-inf`, and no value is an empty field.
    mutating func append(_ value: RecordValue?) {
        switch value {
        case .number(let value)? where !value.isFinite: append(raw: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
        case .single(let value)? where !value.isFinite: append(raw: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
        case .text(let text)?: append(text: text)
        case .none?, nil: append(raw: "")
        case .list?:
            var json = JSONBytes()
            json.append(value ?? .none)
            append(text: String(decoding: json.bytes, as: UTF8.self))
        case let value?:
            var json = JSONBytes()
            json.append(value)
            beginField()
            bytes.append(contentsOf: json.bytes)
        }
    }

    /// Appends a text, in quotation marks where it has characters that would mean something else.
    mutating func append(text: String) {
        let special = Set<UInt8>([UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")])
        guard text.utf8.contains(where: special.contains) else { return append(raw: text) }
        append(raw: "\"\(text.replacing("\"", with: "\"\""))\"")
    }

    private mutating func append(raw text: String) {
        beginField()
        bytes.append(contentsOf: text.utf8)
    }

    /// Ends the line.
    mutating func end() {
        bytes.append(UInt8(ascii: "\n"))
        isFirst = true
    }
}
