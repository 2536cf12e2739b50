import Glibc

/// A text as it lies in the bytes of JSON, between its quotation marks.
struct JSONText {
    let bytes: UnsafeRawBufferPointer
    let isEscaped: Bool

    /// Whether the bytes are these.
    func equals(_ name: [UInt8]) -> Bool { name.withUnsafeBytes { equals($0.baseAddress, $0.count) } }

    /// Whether the bytes are this name's.
    func equals(_ name: StaticString) -> Bool { equals(name.utf8Start, name.utf8CodeUnitCount) }

    private func equals(_ other: UnsafeRawPointer?, _ count: Int) -> Bool {
        guard bytes.count == count else { return false }
        guard let own = bytes.baseAddress, let other else { return true }
        return memcmp(own, other, count) == 0
    }

    /// The number that is not finite for which the text stands.
    var nonFinite: Double? { bytes.count <= "-Infinity".utf8.count ? Self.nonFinite(string) : nil }

    /// The number that is not finite for which a text stands.
    static func nonFinite(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: nil
        }
    }

    /// The text without its escapes; one that is none stands as it is, and what is no valid text becomes U+FFFD.
    var string: String {
        guard isEscaped else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt8] = []
        units.reserveCapacity(bytes.count)
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count else {
                units.append(bytes[place])
                place += 1
                continue
            }
            place += 2
            switch bytes[place - 1] {
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "u"): units += Array(String(scalar(&place)).utf8)
            case let other: units.append(other)
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// The scalar of four digits, or of a pair of surrogates.
    private func scalar(_ place: inout Int) -> Unicode.Scalar {
        guard let high = unit(place) else { return "\u{FFFD}" }
        place += 4
        if high & 0xFC00 == 0xD800, place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u"), let low = unit(place + 2), low & 0xFC00 == 0xDC00
        {
            place += 6
            return Unicode.Scalar(0x10000 + (high & 0x3FF) << 10 + low & 0x3FF) ?? "\u{FFFD}"
        }
        return Unicode.Scalar(high) ?? "\u{FFFD}"
    }

    private func unit(_ place: Int) -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        return UInt32(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16)
    }
}
