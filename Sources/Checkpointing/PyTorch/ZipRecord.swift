/// The headers of one uncompressed file in a ZIP archive, as PyTorch's writer makes them.
///
/// The layout is that of APPNOTE.TXT 6.3.3, with what PyTorch's reader computes with when it does not want to read every
/// header: the data start at a multiple of 64 bytes, behind padding in an extra field `FB`, and a descriptor with the
/// checksum follows them unless they are empty. Sizes and offsets from 4 GiB - 1 on stand in a ZIP64 field, in front of the
/// data too, where PyTorch's writer leaves one of the two sizes zero.
struct ZipRecord {
    /// The name, with the archive's own name in front.
    let name: String
    /// The bytes of the data.
    let size: Int
    /// Where the local header is, counted from the start of the archive.
    let offset: Int
    /// The checksum of the data.
    var checksum: UInt32 = 0

    /// The multiple of bytes that data start at.
    static let alignment = 64

    private static let hasUTF8Name: UInt16 = 1 << 11
    private static let hasDescriptor: UInt16 = 1 << 3
    private static let fixedSize = 30
    private static let fieldHeaderSize = 4

    /// What stands in front of the data.
    var localHeader: [UInt8] {
        let unpadded = offset + Self.fixedSize + name.utf8.count + wideFields.count + Self.fieldHeaderSize
        let padding = -unpadded & (Self.alignment - 1)
        var bytes = Array("PK\u{3}\u{4}".utf8)
        bytes.append(littleEndian: UInt16(0), flags, UInt16(0), UInt16(0), UInt16(0))
        // The descriptor has checksum and sizes.
        bytes.append(littleEndian: UInt32(0), UInt32(0), UInt32(0))
        bytes.append(
            littleEndian: UInt16(name.utf8.count), UInt16(wideFields.count + Self.fieldHeaderSize + padding))
        bytes += name.utf8
        bytes += wideFields
        bytes += "FB".utf8
        bytes.append(littleEndian: UInt16(padding))
        bytes += repeatElement(UInt8(ascii: "Z"), count: padding)
        return bytes
    }

    /// What follows the data.
    var descriptor: [UInt8] {
        guard size > 0 else { return [] }
        var bytes = Array("PK\u{7}\u{8}".utf8)
        bytes.append(littleEndian: checksum)
        if wideFields.isEmpty {
            bytes.append(littleEndian: UInt32(size), UInt32(size))
        } else {
            bytes.append(littleEndian: UInt64(size), UInt64(size))
        }
        return bytes
    }

    /// The entry in the directory at the archive's end.
    var directoryEntry: [UInt8] {
        var bytes = Array("PK\u{1}\u{2}".utf8)
        bytes.append(littleEndian: UInt16(0), UInt16(0), flags, UInt16(0), UInt16(0), UInt16(0))
        bytes.append(littleEndian: checksum, UInt32(clamping: size), UInt32(clamping: size))
        bytes.append(littleEndian: UInt16(name.utf8.count), UInt16(wideFields.count))
        // No comment, the first disk, no attributes.
        bytes.append(littleEndian: UInt16(0), UInt16(0), UInt16(0), UInt32(0), UInt32(clamping: offset))
        bytes += name.utf8
        bytes += wideFields
        return bytes
    }

    /// The extra field for what does not fit into 32 bits; empty where all fits.
    private var wideFields: [UInt8] {
        var values: [UInt8] = []
        if size >= UInt32.max { values.append(littleEndian: UInt64(size), UInt64(size)) }
        if offset >= UInt32.max { values.append(littleEndian: UInt64(offset)) }
        guard !values.isEmpty else { return [] }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt16(1), UInt16(values.count))
        return bytes + values
    }

    private var flags: UInt16 { size > 0 ? Self.hasUTF8Name | Self.hasDescriptor : Self.hasUTF8Name }
}

/// The last part of a ZIP archive, which says where the directory is, with and without ZIP64.
struct ZipDirectoryEnd {
    /// The entries of the directory.
    let count: Int
    /// The bytes of the directory.
    let size: Int
    /// Where the directory is, counted from the start of the archive.
    let offset: Int

    /// The part's bytes.
    var bytes: [UInt8] {
        var bytes = Array("PK\u{6}\u{6}".utf8)
        // The bytes that follow this number, "made by" and "needed" versions, two disks.
        bytes.append(littleEndian: UInt64(44), UInt16(0x031E), UInt16(45), UInt32(0), UInt32(0))
        bytes.append(littleEndian: UInt64(count), UInt64(count), UInt64(size), UInt64(offset))
        bytes += "PK\u{6}\u{7}".utf8
        bytes.append(littleEndian: UInt32(0), UInt64(offset + size), UInt32(1))
        bytes += "PK\u{5}\u{6}".utf8
        bytes.append(littleEndian: UInt16(0), UInt16(0), UInt16(clamping: count), UInt16(clamping: count))
        bytes.append(littleEndian: UInt32(clamping: size), UInt32(clamping: offset), UInt16(0))
        return bytes
    }
}
