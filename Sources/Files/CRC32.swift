/// A cyclic redundancy check of 32 bits, whose bits are processed the lowest first.
///
/// Sixteen bytes are taken at a time with a table for each of them, which is about eight times as fast as a byte at a
/// time and needs no special instruction.
package struct CRC32: Sendable {
    /// What the bytes are divided by.
    package enum Polynomial: Sendable {
        /// That of ZIP archives, zlib, PNG and Ethernet (ISO 3309).
        case ieee
        /// CRC-32C: that of iSCSI and of TFRecord files (RFC 3720).
        case castagnoli
    }

    private static let ieeeTables = makeTables(0xEDB8_8320)
    private static let castagnoliTables = makeTables(0x82F6_3B78)
    private static let step = 16

    private let tables: [UInt32]
    private var register = UInt32.max

    /// The check of no bytes yet.
    package init(_ polynomial: Polynomial = .ieee) {
        tables =
            switch polynomial {
            case .ieee: Self.ieeeTables
            case .castagnoli: Self.castagnoliTables
            }
    }

    /// The check of what was taken in so far.
    package var value: UInt32 { ~register }

    /// Takes in bytes, after those that were taken in before.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register = tables.withUnsafeBufferPointer { tables in
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

    /// Takes in bytes, after those that were taken in before.
    package mutating func update(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { update($0) } }

    /// The check of some bytes alone.
    package static func checksum(of bytes: [UInt8], _ polynomial: Polynomial = .ieee) -> UInt32 {
        var checksum = CRC32(polynomial)
        checksum.update(bytes[...])
        return checksum.value
    }

    /// Table `n` holds, for each byte, what it contributes when `n` more bytes follow it; one after another.
    private static func makeTables(_ polynomial: UInt32) -> [UInt32] {
        var tables: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : polynomial ^ value >> 1 }
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
