import Files

/// The framing of TFRecord files: the length, its check, the data, its check.
enum TFRecord {
    /// A record with these data.
    static func frame(_ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 16)
        bytes.append(littleEndian: UInt64(data.count))
        bytes.append(littleEndian: maskedCheck(bytes))
        bytes.append(contentsOf: data)
        bytes.append(littleEndian: maskedCheck(data))
        return bytes
    }

    /// The check as the format stores it: a check over data that contain checks would be weak.
    private static func maskedCheck(_ bytes: [UInt8]) -> UInt32 {
        let check = CRC32.checksum(of: bytes, .castagnoli)
        return (check >> 15 | check << 17) &+ 0xA282_EAD8
    }
}
