import Testing

@testable import Files

@Suite("CRC-32 is that of ZIP, CRC-32C that of TFRecord files")
struct CRC32Tests {
    @Test(
        "published values come out",
        arguments: [
            ("", .ieee, 0), ("a", .ieee, 0xE8B7_BE43), ("abc", .ieee, 0x3524_41C2),
            ("123456789", .ieee, 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", .ieee, 0x414F_A339),
            ("", .castagnoli, 0), ("123456789", .castagnoli, 0xE306_9283),
            // RFC 3720, B.4: 32 bytes of zeroes.
            (String(repeating: "\0", count: 32), .castagnoli, 0x8A91_36AA),
        ] as [(String, CRC32.Polynomial, UInt32)])
    func published(_ text: String, _ polynomial: CRC32.Polynomial, _ value: UInt32) {
        #expect(CRC32.checksum(of: Array(text.utf8), polynomial) == value)
    }

    @Test(
        "any length, and any division into pieces, gives what the definition gives",
        arguments: [(.ieee, 0xEDB8_8320), (.castagnoli, 0x82F6_3B78)] as [(CRC32.Polynomial, UInt32)])
    func definition(_ polynomial: CRC32.Polynomial, _ divisor: UInt32) {
        for length in 0..<100 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length) }
            var checksum = CRC32(polynomial)
            let half = length / 3
            checksum.update(bytes[..<half])
            checksum.update(bytes[half...])
            #expect(checksum.value == Self.bitByBit(bytes, divisor), "\(length)")
            #expect(CRC32.checksum(of: bytes, polynomial) == Self.bitByBit(bytes, divisor), "\(length)")
        }
    }

    /// The remainder of the division by the polynomial, a bit at a time.
    static func bitByBit(_ bytes: [UInt8], _ divisor: UInt32) -> UInt32 {
        ~bytes.reduce(UInt32.max) { register, byte in
            (0..<8).reduce(register ^ UInt32(byte)) { value, _ in value & 1 == 1 ? divisor ^ value >> 1 : value >> 1 }
        }
    }
}
