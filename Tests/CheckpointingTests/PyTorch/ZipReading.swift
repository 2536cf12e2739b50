import Foundation
import Testing

/// A small reader of ZIP archives, which takes nothing on trust.
enum ZipReading {
    /// A file in an archive.
    struct Entry {
        let name: String
        /// Where the data are, counted from the start of the archive.
        let start: Int
        let checksum: UInt32
        let data: [UInt8]
    }

    /// The files of an archive in the order of its directory, which has to be that of their data.
    static func entries(of archive: Data) throws -> [Entry] {
        let bytes = [UInt8](archive)
        let end = bytes.count - 22
        try #require(end >= 0)
        try #require(number(bytes, end, 4) == 0x0605_4B50)
        let count = try #require(number(bytes, end + 10, 2))
        let size = try #require(number(bytes, end + 12, 4))
        var position = try #require(number(bytes, end + 16, 4))
        // The directory is followed by the end of ZIP64 (56 bytes), its locator (20) and this end.
        try #require(position + size + 56 + 20 == end)
        try #require(number(bytes, position + size + 48, 8) == position)
        try #require(number(bytes, end - 12, 8) == position + size)

        var entries: [Entry] = []
        var next = 0
        for _ in 0..<count {
            try #require(number(bytes, position, 4) == 0x0201_4B50)
            let nameLength = try #require(number(bytes, position + 28, 2))
            let extraLength = try #require(number(bytes, position + 30, 2))
            let name = bytes[position + 46..<position + 46 + nameLength]
            let entry = try Self.entry(
                bytes, header: try #require(number(bytes, position + 42, 4)), name: name,
                checksum: try #require(number(bytes, position + 16, 4)),
                size: try #require(number(bytes, position + 24, 4)), expectedAt: next)
            #expect(number(bytes, position + 10, 2) == 0, "stored, not compressed")
            #expect(number(bytes, position + 20, 4) == entry.data.count)
            next = entry.start + entry.data.count + (entry.data.isEmpty ? 0 : 16)
            entries.append(entry)
            position += 46 + nameLength + extraLength
        }
        try #require(number(bytes, end + 16, 4) == next, "nothing is between the files and the directory")
        return entries
    }

    /// A file whose local header and descriptor agree with the directory.
    private static func entry(
        _ bytes: [UInt8], header: Int, name: ArraySlice<UInt8>, checksum: Int, size: Int, expectedAt place: Int
    ) throws -> Entry {
        #expect(header == place, "each file follows the one before")
        try #require(number(bytes, header, 4) == 0x0403_4B50)
        let nameLength = try #require(number(bytes, header + 26, 2))
        let extraLength = try #require(number(bytes, header + 28, 2))
        #expect(bytes[header + 30..<header + 30 + nameLength].elementsEqual(name))
        let start = header + 30 + nameLength + extraLength
        let flags = try #require(number(bytes, header + 6, 2))
        #expect(flags == (size > 0 ? 0x808 : 0x800))
        if size > 0 {
            #expect(number(bytes, start + size, 4) == 0x0807_4B50)
            #expect(number(bytes, start + size + 4, 4) == checksum)
            #expect(number(bytes, start + size + 8, 4) == size)
            #expect(number(bytes, start + size + 12, 4) == size)
        }
        return Entry(
            name: String(decoding: name, as: UTF8.self), start: start, checksum: UInt32(checksum),
            data: Array(bytes[start..<start + size]))
    }

    /// A little-endian number, or nil where the bytes end before.
    private static func number(_ bytes: [UInt8], _ position: Int, _ count: Int) -> Int? {
        guard position >= 0, position + count <= bytes.count else { return nil }
        return bytes[position..<position + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
