import Testing

@testable import Checkpointing

@Suite("CRC-32 is that of ZIP")
struct CRC32Tests {
    @Test(
        "published values come out",
        arguments: [
            ("", 0), ("a", 0xE8B7_BE43), ("abc", 0x3524_41C2), ("123456789", 0xCBF4_3926),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)])
    func published(_ text: String, _ value: UInt32) {
        #expect(CRC32.checksum(of: Array(text.utf8)) == value)
    }

    @Test("any length, and any division into pieces, gives what the definition gives")
    func definition() {
        for length in 0..<100 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length) }
            var checksum = CRC32()
            let half = length / 3
            bytes.withUnsafeBytes { bytes in
                checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<half]))
                checksum.update(UnsafeRawBufferPointer(rebasing: bytes[half...]))
            }
            #expect(checksum.value == Self.bitByBit(bytes), "\(length)")
            #expect(CRC32.checksum(of: bytes) == Self.bitByBit(bytes), "\(length)")
        }
    }

    /// The remainder of the division by the polynomial, a bit at a time.
    static func bitByBit(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { register, byte in
            (0..<8).reduce(register ^ UInt32(byte)) { value, _ in
                value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
            }
        }
    }
}
