import Files

/// The framing of a `.wandb` file: a header, then records in blocks of 32 KiB, as LevelDB's logs have them.
///
/// A record that does not fit into the rest of a block goes on in the next. Each piece has its own check, that of zlib.
enum WandbLog {
    private static let blockSize = 1 << 15
    private static let headSize = 7
    /// `:W&B`, a magic number and the version 0.
    static let header: [UInt8] = Array(":W&B".utf8) + [0xE1, 0xBE, 0]

    private enum Kind: UInt8 {
        case full = 1
        case first, middle, last
    }

    /// A record with the place where it ends in the file.
    struct Entry {
        let data: [UInt8]
        let bytes: Range<Int>
    }

    /// Appends a record to bytes that stand at an offset in the file.
    static func append(_ data: [UInt8], to bytes: inout [UInt8], at offset: Int) {
        var rest = data[...]
        var isFirst = true
        repeat {
            let used = (offset + bytes.count) % blockSize
            guard blockSize - used >= headSize else {
                bytes.append(contentsOf: repeatElement(0, count: blockSize - used))
                continue
            }
            let piece = rest.prefix(blockSize - used - headSize)
            rest = rest.dropFirst(piece.count)
            let kind: Kind = rest.isEmpty ? (isFirst ? .full : .last) : (isFirst ? .first : .middle)
            bytes.append(littleEndian: check(piece, kind.rawValue))
            bytes.append(littleEndian: UInt16(piece.count))
            bytes.append(kind.rawValue)
            bytes.append(contentsOf: piece)
            isFirst = false
        } while !rest.isEmpty || isFirst
    }

    /// The records of a file, as far as they are whole.
    ///
    /// - Returns: nil where the file does not begin as such a file does.
    static func entries(of file: [UInt8]) -> [Entry]? {
        guard file.starts(with: header) else { return nil }
        var entries: [Entry] = []
        var (position, start) = (header.count, header.count)
        var data: [UInt8] = []
        var isInside = false
        while true {
            let used = position % blockSize
            if blockSize - used < headSize { position += blockSize - used }
            if !isInside { start = position }
            guard position + headSize <= file.count, let kind = Kind(rawValue: file[position + 6]) else { break }
            let end = position + headSize + Int(file[position + 4..<position + 6].littleEndianNumber)
            guard end <= file.count else { break }
            let piece = file[position + headSize..<end]
            let stored = file[position..<position + 4].littleEndianNumber
            guard stored == UInt64(check(piece, kind.rawValue)), isInside == (kind == .middle || kind == .last) else {
                break
            }
            data.append(contentsOf: piece)
            position = end
            isInside = kind == .first || kind == .middle
            if !isInside {
                entries.append(Entry(data: data, bytes: start..<end))
                data = []
            }
        }
        return entries
    }

    private static func check(_ piece: ArraySlice<UInt8>, _ kind: UInt8) -> UInt32 {
        var checksum = CRC32()
        checksum.update([kind])
        checksum.update(piece)
        return checksum.value
    }
}
