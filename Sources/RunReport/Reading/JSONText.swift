/// What the characters of texts in JSON stand for.
enum JSONText {
    /// The number that a text stands for which is not finite.
    static func nonFinite(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }

    /// A text without its escapes.
    static func unescaped(_ raw: UnsafeRawBufferPointer) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(raw.count)
        var place = 0
        while place < raw.count {
            guard raw[place] == UInt8(ascii: "\\"), place + 1 < raw.count else {
                units.append(raw[place])
                place += 1
                continue
            }
            place += 2
            switch raw[place - 1] {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "u"): units += Array(String(scalar(raw, &place)).utf8)
            case let other: units.append(other)
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// The scalar of four digits, or of a pair of surrogates.
    private static func scalar(_ raw: UnsafeRawBufferPointer, _ place: inout Int) -> Unicode.Scalar {
        guard let high = unit(raw, place) else { return "\u{FFFD}" }
        place += 4
        if high & 0xFC00 == 0xD800, place + 1 < raw.count, raw[place] == UInt8(ascii: "\\"),
            raw[place + 1] == UInt8(ascii: "u"), let low = unit(raw, place + 2), low & 0xFC00 == 0xDC00
        {
            place += 6
            return Unicode.Scalar(0x10000 + (high & 0x3FF) << 10 + low & 0x3FF) ?? "\u{FFFD}"
        }
        return Unicode.Scalar(high) ?? "\u{FFFD}"
    }

    private static func unit(_ raw: UnsafeRawBufferPointer, _ place: Int) -> UInt32? {
        guard place + 4 <= raw.count else { return nil }
        return UInt32(
            String(decoding: UnsafeRawBufferPointer(rebasing: raw[place..<(place + 4)]), as: UTF8.self), radix: 16)
    }
}
