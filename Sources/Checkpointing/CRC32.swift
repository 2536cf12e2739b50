/// The checksum that ZIP archives keep of each file, and manifests of each tensor: CRC-32 with the polynomial of ISO 3309.
///
/// Sixteen bytes are taken at a time with a table for each of them, which is about eight times as fast as a byte at a
/// time and needs no special instruction.
struct CRC32 {
    private static let tables: [UInt32] = makeTables()
    private static let step = 16

    private var register = UInt32.max

    /// The checksum of what was taken in so far.
    var value: UInt32 { ~register }

    /// Takes in bytes, after those that were taken in before.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = Self.tables.withUnsafeBufferPointer { tables in
            var register = register
            var position = 0
            while bytes.count - position >= Self.step {
                let low = bytes.word(at: position) ^ UInt64(register)
                let high = bytes.word(at: position + 8)
                register = tables.lookUp(low, 8) ^ tables.lookUp(high, 0)
                position += Self.step
            }
            while position < bytes.count {
                register = tables[Int(UInt8(truncatingIfNeeded: register) ^ bytes[position])] ^ register >> 8
                position += 1
            }
            return register
        }
    }

    /// The checksum of some bytes alone.
    static func checksum(of bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32()
        bytes.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    /// Table `n` holds, for each byte, what it contributes when `n` more bytes follow it; one after another.
    private static func makeTables() -> [UInt32] {
        var tables: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ value >> 1 }
        }
        tables.reserveCapacity(step * 256)
        for index in 256..<step * 256 {
            let value = tables[index - 256]
            tables.append(tables[Int(value & 0xFF)] ^ value >> 8)
        }
        return tables
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate func word(at position: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
}

extension UnsafeBufferPointer<UInt32> {
    /// What the eight bytes of `word` contribute when `following` bytes come after them.
    @inline(__always)
    fileprivate func lookUp(_ word: UInt64, _ following: Int) -> UInt32 {
        let table = following * 256
        // Written out, because a loop here is slower.
        return self[table + 0x700 + Int(word & 0xFF)] ^ self[table + 0x600 + Int(word >> 8 & 0xFF)]
            ^ self[table + 0x500 + Int(word >> 16 & 0xFF)] ^ self[table + 0x400 + Int(word >> 24 & 0xFF)]
            ^ self[table + 0x300 + Int(word >> 32 & 0xFF)] ^ self[table + 0x200 + Int(word >> 40 & 0xFF)]
            ^ self[table + 0x100 + Int(word >> 48 & 0xFF)] ^ self[table + Int(word >> 56)]
    }
}
