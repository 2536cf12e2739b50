/// Reads the tokens of a safetensors header, from the front to the back and once.
///
/// It knows no recursion: the format nests two levels deep, and ``SafetensorsHeader`` asks for each of them by name.
/// Everything is checked against the bytes that are there; nothing is allocated for what the header only claims.
struct HeaderScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var position = 0
    private let file: String

    /// Scans `bytes`, which have to be UTF-8.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Passes over the white space that JSON knows.
    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
            default: return
            }
        }
    }

    /// Whether a character comes next, after white space, which is passed over.
    mutating func sees(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return next == UInt8(ascii: character)
    }

    /// Takes one punctuation character, after white space, if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard sees(character) else { return false }
        position += 1
        return true
    }

    /// Takes one punctuation character, after white space, or throws.
    mutating func expect(_ character: Unicode.Scalar, _ place: @autoclosure () -> String) throws {
        guard take(character) else { throw unexpected("'\(character)' \(place())") }
    }

    /// Throws unless the end has been reached.
    mutating func expectEnd() throws {
        skipSpace()
        guard position == bytes.count else { throw unexpected("nothing but white space after the closing '}'") }
    }

    /// Reads a string, with its escapes resolved.
    mutating func string(_ purpose: @autoclosure () -> String) throws -> String {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw unexpected(purpose()) }
        position += 1
        let start = position
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return String(decoding: bytes[start..<position], as: UTF8.self)
            case UInt8(ascii: "\\"):
                return try escapedString(from: start)
            case 0..<0x20:
                throw unexpected("no control character inside a string")
            default:
                position += 1
            }
        }
        throw unexpected("the closing quotation mark of the string that starts at byte \(start - 1) of the header")
    }

    private mutating func escapedString(from start: Int) throws -> String {
        var text = [UInt8](bytes[start..<position])
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                let scalar = try escape()
                text.append(contentsOf: String(Character(scalar)).utf8)
            case 0..<0x20:
                position -= 1
                throw unexpected("no control character inside a string")
            default:
                text.append(byte)
            }
        }
        throw unexpected("the closing quotation mark of the string that starts at byte \(start - 1) of the header")
    }

    /// Reads what follows a backslash.
    private mutating func escape() throws -> Unicode.Scalar {
        guard let byte = next else { throw unexpected("an escape after '\\'") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default:
            position -= 1
            throw unexpected("one of the escapes that JSON knows after '\\'")
        }
        let first = try fourHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // Half of a surrogate pair: only the first half, with the second right behind it, is a character.
        if first < 0xDC00, next == UInt8(ascii: "\\") {
            position += 1
            if next == UInt8(ascii: "u") {
                position += 1
                let second = try fourHexadecimalDigits()
                if (0xDC00..<0xE000).contains(second),
                    let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
                {
                    return scalar
                }
            }
        }
        throw unexpected("both halves of a surrogate pair in '\\u' escapes")
    }

    private mutating func fourHexadecimalDigits() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits after '\\u'")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Reads a whole number; nil where it is negative or does not fit into 63 bits.
    mutating func count(_ purpose: @autoclosure () -> String) throws -> Int? {
        skipSpace()
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let start = position
        var value: Int? = 0
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            if position > start, bytes[start] == UInt8(ascii: "0") {
                throw unexpected("no leading zero in \(purpose())")
            }
            value = value.flatMap { value in
                let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, secondOverflow) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
                return overflow || secondOverflow ? nil : sum
            }
            position += 1
        }
        switch next {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            throw unexpected("a whole number, without point or exponent, as \(purpose())")
        default:
            if position == start { throw unexpected("a whole number as \(purpose())") }
            return isNegative ? nil : value
        }
    }

    /// The error for a header that goes on in another way than it should.
    func unexpected(_ expected: String, fileID: StaticString = #fileID, line: UInt = #line) -> SafetensorsError {
        let found =
            switch next {
            case nil: "the end of the header"
            case let byte? where byte >= 0x20 && byte < 0x7F: "'\(Unicode.Scalar(byte))'"
            case let byte?: "the byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
            }
        return SafetensorsError(
            .headerSyntax,
            "\(file): the safetensors header is not as the format prescribes: expected \(expected), "
                + "found \(found) at byte \(position) of the header. "
                + "The file is damaged or was written by a faulty program; fetch or write it again.",
            fileID: fileID, line: line)
    }
}
