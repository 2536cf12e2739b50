/// A cyclic redundancy check of 32 bits, whose bits are processed the lowest first.
struct CRC32: Sendable {
    /// The check of zlib, PNG and Ethernet.
    static let ieee = CRC32(polynomial: 0xEDB8_8320)
    /// CRC-32C, the check of iSCSI and of TFRecord files.
    static let castagnoli = CRC32(polynomial: 0x82F6_3B78)

    private let table: [UInt32]

    private init(polynomial: UInt32) {
        table = (0..<256).map { index in
            (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
        }
    }

    /// The check of bytes that follow those whose check is `before`.
    func callAsFunction(_ bytes: some Sequence<UInt8>, after before: UInt32 = 0) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~before) { value, byte in (value >> 8) ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
        }
    }
}
