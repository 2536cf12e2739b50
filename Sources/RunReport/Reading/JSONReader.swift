/// Reads JSON out of memory, byte by byte, without making anything of what is not asked for.
///
/// Every method returns nil or false where the bytes are not what it reads; the place is then undefined.
struct JSONReader {
    private static let deepest = 64

    private let bytes: UnsafeRawBufferPointer
    private var place: Int
    private let end: Int

    /// A reader of the bytes in `range`, which have to outlive it.
    init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) {
        self.bytes = bytes
        place = range.lowerBound
        end = range.upperBound
    }

    private var next: UInt8? { place < end ? bytes[place] : nil }

    private mutating func skipSpace() {
        while place < end {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return
            }
        }
    }

    /// Passes a character, and the space before it.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    /// The character that comes next, after space.
    mutating func peek() -> UInt8? {
        skipSpace()
        return next
    }

    /// Whether nothing but space is left.
    mutating func isAtEnd() -> Bool {
        skipSpace()
        return place == end
    }

    // MARK: Texts

    /// Where the characters of a text lie, between its quotation marks, and whether some are escaped.
    mutating func textRange() -> (range: Range<Int>, isEscaped: Bool)? {
        guard take("\"") else { return nil }
        let start = place
        var isEscaped = false
        while place < end {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                place += 1
                return (start..<(place - 1), isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                place += 2
            default: place += 1
            }
        }
        return nil
    }

    /// A text; an escape that is none stands as it is.
    mutating func text() -> String? { textRange().map(text(at:)) }

    /// The text that lies where ``textRange()`` found it.
    func text(at found: (range: Range<Int>, isEscaped: Bool)) -> String {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[found.range])
        return found.isEscaped ? JSONText.unescaped(raw) : String(decoding: raw, as: UTF8.self)
    }

    /// Whether these bytes lie in a range.
    func has(_ name: [UInt8], at range: Range<Int>) -> Bool {
        guard name.count == range.count else { return false }
        for index in 0..<name.count where name[index] != bytes[range.lowerBound + index] { return false }
        return true
    }

    // MARK: Numbers

    /// A number, and where its characters lie.
    mutating func number() -> (value: Double, range: Range<Int>)? {
        skipSpace()
        let start = place
        var (mantissa, digits, fraction): (UInt64, Int, Int) = (0, 0, 0)
        var isAfterPoint = false
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { place += 1 }
        while let byte = next {
            if byte &- 0x30 < 10 {
                if digits < 18 { mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30) }
                digits += 1
                if isAfterPoint { fraction += 1 }
            } else if byte == UInt8(ascii: "."), !isAfterPoint {
                isAfterPoint = true
            } else {
                break
            }
            place += 1
        }
        guard digits > 0 else { return nil }
        let hasExponent = next == UInt8(ascii: "e") || next == UInt8(ascii: "E")
        if !hasExponent, digits < 18, mantissa < 1 << 53, fraction <= 22 {
            // Both are exact, so the quotient is the nearest number.
            let value = Double(mantissa) / Self.powers[fraction]
            return (isNegative ? -value : value, start..<place)
        }
        if hasExponent { skipExponent() }
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
        return Double(text).map { ($0, start..<place) }
    }

    private mutating func skipExponent() {
        place += 1
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") { place += 1 }
        while let byte = next, byte &- 0x30 < 10 { place += 1 }
    }

    private static let powers: [Double] = (0...22).reduce(into: []) { list, _ in list.append((list.last ?? 0.1) * 10) }

    /// A number, or one of the texts that stand for numbers that are not finite; nil for another value, which is passed.
    mutating func quantity() -> Double? {
        switch peek() ?? 0 {
        case UInt8(ascii: "\""): return textRange().flatMap { JSONText.nonFinite(text(at: $0)) }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let found = number()
            isWhole = found != nil && isWhole
            return found?.value
        default:
            isWhole = skip() && isWhole
            return nil
        }
    }

    /// Whether every value that ``quantity()`` passed was whole.
    private(set) var isWhole = true

    // MARK: Any value

    /// Passes a value of any kind.
    mutating func skip() -> Bool { value() != nil }

    /// A value of any kind.
    mutating func value(depth: Int = 0) -> StoredValue? {
        guard depth < Self.deepest, let first = peek() else { return nil }
        switch first {
        case UInt8(ascii: "\""): return text().map(StoredValue.text)
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return list(depth)
        case UInt8(ascii: "t"): return word("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return word("false") ? .flag(false) : nil
        case UInt8(ascii: "n"): return word("null") ? StoredValue.none : nil
        default:
            return number().map { found in
                let literal = UnsafeRawBufferPointer(rebasing: bytes[found.range])
                return .number(found.value, literal: String(decoding: literal, as: UTF8.self))
            }
        }
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard end - place >= count else { return false }
        for index in 0..<count where bytes[place + index] != word.utf8Start[index] { return false }
        place += count
        return true
    }

    private mutating func list(_ depth: Int) -> StoredValue? {
        guard take("[") else { return nil }
        var elements: [StoredValue] = []
        if take("]") { return .list(elements) }
        while let element = value(depth: depth + 1) {
            elements.append(element)
            if take("]") { return .list(elements) }
            guard take(",") else { return nil }
        }
        return nil
    }

    private mutating func object(_ depth: Int) -> StoredValue? {
        guard take("{") else { return nil }
        var fields: [StoredValue.Field] = []
        if take("}") { return .object(fields) }
        while let name = text(), take(":"), let value = value(depth: depth + 1) {
            fields.append(StoredValue.Field(name: name, value: value))
            if take("}") { return .object(fields) }
            guard take(",") else { return nil }
        }
        return nil
    }
}
