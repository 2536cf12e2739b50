/// A file in a ZIP archive that is read.
struct ZipEntry {
    /// The name, with the archive's own folder in front.
    let name: String
    /// Where the header in front of the data is, counted from the start of the archive.
    let header: Int
    /// Where the data are, counted from the start of the archive.
    let data: Range<Int>
    /// What the archive says that the data's checksum is.
    let checksum: UInt32
    /// How the data are compressed; 0 where they are not.
    let method: UInt16
}

extension UnsafeRawBufferPointer {
    /// The little-endian integer at a place, or nil where not all of its bytes are there.
    func number<Integer: FixedWidthInteger>(_ type: Integer.Type, at position: Int) -> Integer? {
        guard position >= 0, position <= count - MemoryLayout<Integer>.size else { return nil }
        return Integer(littleEndian: loadUnaligned(fromByteOffset: position, as: type))
    }
}
