import Files

/// An archive of uncompressed files on its way out, as PyTorch's writer makes them.
///
/// Data pass through once; the directory at the end is all that is kept of them.
struct ZipArchive {
    private static let folder = "archive"
    // Small enough to stay in the processor's cache between the checksum and the writing.
    private static let pieceSize = 1 << 20

    private var records: [ZipRecord] = []
    private var position = 0
    private var contentDigest: UInt64 = 0

    /// Writes a file of the archive.
    ///
    /// - Throws: `FileError` where the system does not take the bytes.
    mutating func append(_ name: String, _ data: UnsafeRawBufferPointer, to output: inout FileOutput) throws {
        var record = ZipRecord(name: "\(Self.folder)/\(name)", size: data.count, offset: position)
        try put(record.localHeader, to: &output)
        var checksum = CRC32()
        var rest = data[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceSize))
            checksum.update(piece)
            try output.append(piece)
            rest = rest.dropFirst(Self.pieceSize)
        }
        position += data.count
        record.checksum = checksum.value
        try put(record.descriptor, to: &output)
        if record.size > 0 { contentDigest = Self.combine(contentDigest, record.checksum) }
        records.append(record)
    }

    /// Writes a file of the archive.
    ///
    /// - Throws: `FileError` where the system does not take the bytes.
    mutating func append(_ name: String, _ data: [UInt8], to output: inout FileOutput) throws {
        try data.withUnsafeBytes { try append(name, $0, to: &output) }
    }

    /// Writes the directory, after which the archive is whole.
    ///
    /// - Throws: `FileError` where the system does not take the bytes.
    mutating func finish(to output: inout FileOutput) throws {
        let start = position
        for record in records { try put(record.directoryEntry, to: &output) }
        try put(ZipDirectoryEnd(count: records.count, size: position - start, offset: start).bytes, to: &output)
    }

    /// Forty digits that depend on the names and contents of the files so far.
    ///
    /// The last twenty are computed as PyTorch does. Its first twenty depend on the order of a hash table; here they
    /// are computed from the names' checksums in the same way.
    var serializationID: String {
        let names = records.reduce(UInt64(0)) { Self.combine($0, CRC32.checksum(of: Array($1.name.utf8))) }
        return [names, contentDigest].map { number in
            let digits = String(number)
            return String(repeating: "0", count: 20 - digits.count) + digits
        }.joined()
    }

    private static func combine(_ digest: UInt64, _ checksum: UInt32) -> UInt64 {
        digest ^ (UInt64(checksum) &+ 0x9E37_79B9 &+ digest << 6 &+ digest >> 2)
    }

    private mutating func put(_ bytes: [UInt8], to output: inout FileOutput) throws {
        try bytes.withUnsafeBytes { try output.append($0) }
        position += bytes.count
    }
}
