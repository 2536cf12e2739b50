/// Reads JSON out of memory, byte by byte, without making anything of what is not asked for.
///
/// Every method returns nil or false where the bytes are not what it reads; the place is then undefined.
struct JSONReader {
    private static let deepest = 64

    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// A reader of bytes, which have to outlive it.
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    /// Passes a character, and the space before it.
    @inline(__always)
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    /// The character that comes next, after space.
    @inline(__always)
    private mutating func peek() -> UInt8? {
        while let byte = next {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return byte
            }
        }
        return nil
    }

    /// Whether nothing but space is left.
    mutating func isAtEnd() -> Bool { peek() == nil }

    // MARK: Texts

    /// A text as it lies between its quotation marks.
    mutating func text() -> JSONText? {
        guard take("\"") else { return nil }
        var (end, isEscaped) = (place, false)
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                let found = UnsafeRawBufferPointer(rebasing: bytes[place..<end])
                place = end + 1
                return JSONText(bytes: found, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                end += 2
            default: end += 1
            }
        }
        return nil
    }

    // MARK: Numbers

    /// A number: the nearest one to what is written.
    mutating func number() -> Double? {
        let isNegative = peek() == UInt8(ascii: "-")
        let start = place
        if isNegative { place += 1 }
        var mantissa: UInt64 = 0
        var digits = takeDigits(into: &mantissa)
        var exponent = 0
        if next == UInt8(ascii: ".") {
            place += 1
            exponent = -takeDigits(into: &mantissa)
            digits -= exponent
        }
        guard digits > 0 else { return nil }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            place += 1
            let isBelowZero = next == UInt8(ascii: "-")
            if isBelowZero || next == UInt8(ascii: "+") { place += 1 }
            var power: UInt64 = 0
            let digits = takeDigits(into: &power)
            guard digits > 0 else { return nil }
            exponent += (isBelowZero ? -1 : 1) * Int(digits > Self.mostDigits ? 9999 : power)
        }
        if digits <= Self.mostDigits, mantissa < 1 << 53, abs(exponent) <= Self.mostPower {
            // Both are exact, so that their product or quotient is the nearest number.
            var value = Double(mantissa)
            if exponent < 0 { value /= Self.powers[-exponent] } else if exponent > 0 { value *= Self.powers[exponent] }
            return isNegative ? -value : value
        }
        return Double(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    /// Passes digits, and adds them to a number where they fit.
    ///
    /// - Returns: How many there are.
    @inline(__always)
    private mutating func takeDigits(into number: inout UInt64) -> Int {
        // Not in memory that others could have changed meanwhile, as far as the compiler knows.
        var (end, value) = (place, number)
        while end < bytes.count, case let digit = bytes[end] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ UInt64(digit)
            end += 1
        }
        defer { (place, number) = (end, value) }
        return end - place
    }

    /// So many digits fit into 64 bits.
    private static let mostDigits = 18

    /// Up to this power of ten a number of 64 bits is exact.
    private static let mostPower = 22
    private static let powers: [Double] = (0..<mostPower).reduce(into: [1]) { $0.append($0[$1] * 10) }

    /// Passes a value of any kind.
    ///
    /// - Returns: The number, where it is one or a text that stands for one that is not finite; nil in it elsewhere.
    mutating func quantity() -> Double?? {
        switch peek() {
        case UInt8(ascii: "\""):
            guard let text = text() else { return nil }
            return .some(text.nonFinite)
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            return skip() ? .some(nil) : nil
        default:
            guard let number = number() else { return nil }
            return .some(number)
        }
    }

    // MARK: Any value

    /// A value of any kind.
    mutating func value(depth: Int = 0) -> StoredValue? {
        switch peek() {
        case UInt8(ascii: "\""): return text().map { .text($0.string) }
        case UInt8(ascii: "{"):
            var fields: [StoredValue.Field] = []
            let isWhole = elements("{", "}", depth) { reader in
                guard let name = reader.text(), reader.take(":"), let value = reader.value(depth: depth + 1) else {
                    return false
                }
                fields.append(StoredValue.Field(name: name.string, value: value))
                return true
            }
            return isWhole ? .object(fields) : nil
        case UInt8(ascii: "["):
            var values: [StoredValue] = []
            let isWhole = elements("[", "]", depth) { reader in
                guard let value = reader.value(depth: depth + 1) else { return false }
                values.append(value)
                return true
            }
            return isWhole ? .list(values) : nil
        case UInt8(ascii: "t"): return word("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return word("false") ? .flag(false) : nil
        case UInt8(ascii: "n"): return word("null") ? StoredValue.none : nil
        default:
            let start = place
            return number().map { .number($0, literal: String(decoding: bytes[start..<place], as: UTF8.self)) }
        }
    }

    /// Passes a value of any kind.
    mutating func skip(depth: Int = 0) -> Bool {
        switch peek() {
        case UInt8(ascii: "\""): text() != nil
        case UInt8(ascii: "{"):
            elements("{", "}", depth) { $0.text() != nil && $0.take(":") && $0.skip(depth: depth + 1) }
        case UInt8(ascii: "["): elements("[", "]", depth) { $0.skip(depth: depth + 1) }
        case UInt8(ascii: "t"): word("true")
        case UInt8(ascii: "f"): word("false")
        case UInt8(ascii: "n"): word("null")
        default: number() != nil
        }
    }

    /// Passes an object or a list, whose elements `element` reads.
    private mutating func elements(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ depth: Int, _ element: (inout JSONReader) -> Bool
    ) -> Bool {
        guard depth < Self.deepest, take(open) else { return false }
        if take(close) { return true }
        repeat {
            guard element(&self) else { return false }
        } while take(",")
        return take(close)
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let isThere = bytes[place...].starts(
            with: UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        place += word.utf8CodeUnitCount
        return isThere
    }
}
