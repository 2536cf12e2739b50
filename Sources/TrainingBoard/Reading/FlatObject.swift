/// A value in a JSON object, as it lies in the bytes.
enum FlatValue {
    case number(Double)
    /// The bytes between the quotation marks, in which a backslash may stand.
    case text(UnsafeBufferPointer<UInt8>)
    case flag(Bool)
    case null
    /// An object or a list, whose contents are passed over.
    case nested
}

/// Reading the fields of a JSON object out of bytes without making anything of what is not asked for.
struct FlatObject {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0

    /// Calls `field` for each field of the one object in a line; false where the line is no such object.
    static func read(
        _ line: UnsafeBufferPointer<UInt8>, _ field: (UnsafeBufferPointer<UInt8>, FlatValue) -> Void
    ) -> Bool {
        var object = FlatObject(bytes: line)
        return object.readFields(field)
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func readFields(_ field: (UnsafeBufferPointer<UInt8>, FlatValue) -> Void) -> Bool {
        guard take("{") else { return false }
        if take("}") { return isAtEnd }
        repeat {
            guard take("\""), let name = readText(), take(":"), let value = readValue() else { return false }
            field(name, value)
        } while take(",")
        return take("}") && isAtEnd
    }

    private mutating func readValue() -> FlatValue? {
        skipSpace()
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "\""):
            index += 1
            return readText().map(FlatValue.text)
        case UInt8(ascii: "t"): return word("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return word("false") ? .flag(false) : nil
        case UInt8(ascii: "n"): return word("null") ? .null : nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested() ? .nested : nil
        default: return DecimalNumber.read(bytes, &index).map(FlatValue.number)
        }
    }

    /// The bytes up to the closing quotation mark, behind which the position then is.
    private mutating func readText() -> UnsafeBufferPointer<UInt8>? {
        let start = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return UnsafeBufferPointer(rebasing: bytes[start..<index - 1])
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }

    private mutating func skipNested() -> Bool {
        var depth = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return true }
            case UInt8(ascii: "\""): guard readText() != nil else { return false }
            default: break
            }
        }
        return false
    }

    private mutating func word(_ word: StaticString) -> Bool {
        guard index + word.utf8CodeUnitCount <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] <= UInt8(ascii: " ") { index += 1 }
    }

    private var isAtEnd: Bool {
        var rest = self
        rest.skipSpace()
        return rest.index == bytes.count
    }
}
