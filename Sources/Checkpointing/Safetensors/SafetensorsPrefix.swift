/// The eight bytes in front of the header, and what a file that is none gives away by its first bytes.
enum SafetensorsPrefix {
    /// The header's length, checked against the file's.
    ///
    /// - Parameters:
    ///   - first: The first eight bytes, or all bytes of a file that has fewer.
    ///   - fileSize: The bytes of the whole file.
    ///   - file: The file's name, for messages.
    /// - Throws: ``SafetensorsError`` where the header would be longer than the file or the format's limit.
    static func headerLength(of first: [UInt8], fileSize: Int, file: String) throws -> Int {
        guard first.count == SafetensorsFormat.prefixSize else {
            throw SafetensorsError(
                .truncated,
                "\(file) has \(fileSize) bytes; a safetensors file has at least 8, for the length of its header. "
                    + "The file is empty or cut off: fetch or write it again.")
        }
        let claimed = first.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard claimed <= UInt64(SafetensorsFormat.longestHeader) else {
            throw SafetensorsError(
                .headerTooLarge,
                "\(file) claims a header of \(claimed) bytes; the format allows \(SafetensorsFormat.longestHeader). "
                    + (guess(from: first)
                        ?? "It is not a safetensors file, or its first bytes are damaged: fetch it again."))
        }
        guard claimed <= UInt64(fileSize - SafetensorsFormat.prefixSize) else {
            throw SafetensorsError(
                .truncated,
                "\(file) claims a header of \(claimed) bytes, but only \(fileSize - SafetensorsFormat.prefixSize) bytes "
                    + "follow. The file is cut off (fetch it again), or it is not a safetensors file.")
        }
        return Int(claimed)
    }

    private static func guess(from first: [UInt8]) -> String? {
        let known: [(start: [UInt8], what: String)] = [
            (Array("PK\u{3}\u{4}".utf8), "Its first bytes are a ZIP archive's, such as one that `torch.save` writes: "),
            ([0x80, 0x02], "Its first bytes are a Python pickle's: "),
            ([0x1F, 0x8B], "Its first bytes are gzip's; unpack it with `gunzip`, or "),
            (Array("version ".utf8), "It looks like a Git LFS pointer in place of the file; run `git lfs pull`, or "),
            (Array("<!".utf8), "It is a web page, probably a server's error message: "),
            (Array("<html".utf8), "It is a web page, probably a server's error message: "),
            ([0x89, 0x48, 0x44, 0x46], "Its first bytes are an HDF5 file's: "),
        ]
        guard let kind = known.first(where: { first.starts(with: $0.start) }) else { return nil }
        return kind.what + "name or fetch the safetensors file itself."
    }
}
