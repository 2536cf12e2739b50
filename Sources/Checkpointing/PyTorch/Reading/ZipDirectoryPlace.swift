/// Where a ZIP archive's directory is, as the archive's last bytes say.
struct ZipDirectoryPlace {
    /// The bytes of the directory, counted from the start of the archive.
    let range: Range<Int>
    /// How many files it lists.
    let count: Int

    private static let endSize = 22
    private static let locatorSize = 20
    private static let wideEndSize = 56
    private static let smallestEntry = 46

    /// Reads the last bytes.
    ///
    /// - Parameters:
    ///   - bytes: the whole archive.
    ///   - file: its name, for messages.
    /// - Throws: ``PyTorchFileError`` where the archive is cut off, or its last bytes contradict each other.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        let end = bytes.count - Self.endSize
        guard bytes.number(UInt32.self, at: end) == 0x0605_4B50, bytes.number(UInt16.self, at: end + 20) == 0,
            let files = bytes.number(UInt16.self, at: end + 10), let size = bytes.number(UInt32.self, at: end + 12),
            let offset = bytes.number(UInt32.self, at: end + 16)
        else {
            throw PyTorchFileError(
                .truncated,
                "\(file) does not end as a ZIP archive does (\(bytes.count) bytes). It is cut off: its download or copy "
                    + "did not finish, or the disk was full. Fetch it again.")
        }
        var place = (count: UInt64(files), size: UInt64(size), offset: UInt64(offset))
        var limit = end
        if bytes.number(UInt32.self, at: end - Self.locatorSize) == 0x0706_4B50 {
            limit = end - Self.locatorSize - Self.wideEndSize
            guard bytes.number(UInt64.self, at: end - Self.locatorSize + 8).flatMap({ Int(exactly: $0) }) == limit,
                bytes.number(UInt32.self, at: limit) == 0x0606_4B50,
                let wideCount = bytes.number(UInt64.self, at: limit + 32), UInt16(clamping: wideCount) == files,
                let wideSize = bytes.number(UInt64.self, at: limit + 40), UInt32(clamping: wideSize) == size,
                let wideOffset = bytes.number(UInt64.self, at: limit + 48), UInt32(clamping: wideOffset) == offset
            else { throw Self.contradiction(file) }
            place = (wideCount, wideSize, wideOffset)
        }
        guard let start = Int(exactly: place.offset), let length = Int(exactly: place.size), start <= limit,
            length == limit - start, place.count <= UInt64(length / Self.smallestEntry)
        else { throw Self.contradiction(file) }
        range = start..<limit
        count = Int(place.count)
    }

    private static func contradiction(_ file: String) -> PyTorchFileError {
        PyTorchFileError(
            .damagedArchive,
            "\(file): the end of the ZIP archive says where its directory is, and it is not there. "
                + "The archive is damaged; fetch or write it again.")
    }
}
