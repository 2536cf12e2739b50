/// A part of what a rank wrote.
struct LogTail: Sendable, Equatable {
    /// The file's length in bytes.
    let size: Int
    /// Where the part begins and ends.
    let range: Range<Int>
    let text: String

    /// So much of a file is shown at once.
    static let mostShown = 64 << 10
    /// So much of a file's end can be downloaded.
    static let mostDownloaded = 8 << 20

    /// Reads what is behind a position, or the end of the file.
    ///
    /// - Parameters:
    ///   - position: Nil for the end, as for a position that the file no longer has.
    ///   - limit: How many bytes at most; the last ones where there are more.
    init(_ file: OpenFile, after position: Int? = nil, limit: Int = mostShown) {
        let size = file.size ?? 0
        let start = max(position.map { $0 <= size && $0 >= 0 ? $0 : 0 } ?? 0, size - limit)
        var bytes = file.read(size - start, at: start)[...]
        // A part begins with a whole character, and ends with one while the file grows.
        if start != position { bytes = bytes.drop { $0 & 0xC0 == 0x80 } }
        bytes = bytes.dropLast(Self.unfinished(bytes))
        self.size = size
        range = start..<start + bytes.endIndex
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The last lines that are not empty, shortened.
    static func lastWords(_ file: OpenFile, lines: Int = 3) -> [String] {
        LogTail(file, limit: 2048).text.split(whereSeparator: \.isNewline).map {
            $0.trimmingPrefix(while: \.isWhitespace)
        }
        .filter { !$0.isEmpty }.suffix(lines).map { String($0.prefix(300)) }
    }

    /// How many bytes at the end begin a character that is not whole.
    private static func unfinished(_ bytes: ArraySlice<UInt8>) -> Int {
        for (count, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count + 1 ? count + 1 : 0
        }
        return 0
    }
}
