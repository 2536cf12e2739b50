/// Texts of JSON as strings.
enum FlatText {
    /// Whether the bytes are this name, letter by letter.
    static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        for index in bytes.indices where bytes[index] != name.utf8Start[index] { return false }
        return true
    }

    /// The text that the bytes between two quotation marks stand for; what is no valid text becomes U+FFFD.
    static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var plain: [UInt8] = []
        var index = 0
        func endPlain() {
            units.append(contentsOf: String(decoding: plain, as: UTF8.self).utf16)
            plain = []
        }
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            let kind = bytes[index + 1]
            index += 2
            switch kind {
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0C)
            case UInt8(ascii: "u"):
                endPlain()
                let digits = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self)
                units.append(UInt16(digits, radix: 16) ?? 0xFFFD)
                index = min(index + 4, bytes.count)
            default: plain.append(kind)
            }
        }
        endPlain()
        return String(decoding: units, as: UTF16.self)
    }

    /// A number, or the text that stands for one that is not finite; nil for everything else.
    static func number(_ value: FlatValue) -> Double? {
        switch value {
        case .number(let number): number
        case .text(let text) where equal(text, "NaN"): .nan
        case .text(let text) where equal(text, "Infinity"): .infinity
        case .text(let text) where equal(text, "-Infinity"): -.infinity
        default: nil
        }
    }
}
