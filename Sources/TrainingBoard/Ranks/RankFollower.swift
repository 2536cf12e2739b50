/// A `ranks/rank-N.jsonl` that is followed as it grows.
struct RankFollower: Sendable {
    private(set) var log = RankLog()
    private var cursor = FileCursor()
    private var isOpened = false

    /// Whether all lines so far have been read.
    var isAtEnd: Bool { cursor.isAtEnd }

    /// How much of a long file is read: its last part.
    private static let tail = 256 << 10

    /// Reads a piece of at most a megabyte.
    ///
    /// - Returns: Whether anything is new.
    mutating func read(_ file: OpenFile?) -> Bool {
        if !isOpened, let file {
            isOpened = true
            if let size = file.size, size > 4 * Self.tail { skipMiddle(file, size) }
        }
        guard let piece = cursor.next(file) else { return false }
        if piece.isRestart { log = RankLog() }
        let used = piece.bytes.withUnsafeBufferPointer { log.read($0) }
        cursor.advance(used, of: piece)
        return used > 0 || piece.isRestart
    }

    /// Takes in the last start of a long file, and goes on with the file's end.
    private mutating func skipMiddle(_ file: OpenFile, _ size: Int) {
        let mark = Array(#""start""#.utf8)
        var end = size
        while end > 0 {
            let begin = max(0, end - FileCursor.piece)
            // A mark may lie across the border.
            let block = file.read(min(end + mark.count, size) - begin, at: begin)
            for place in Self.places(of: mark, in: block).reversed() {
                let lineStart = block[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                let line = file.read(4096, at: begin + lineStart)
                let whole = line.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                _ = line[..<whole].withUnsafeBufferPointer { log.read($0) }
                guard log.start != nil else { continue }
                cursor.skip(to: max(begin + lineStart + whole, size - Self.tail))
                return
            }
            end = begin
        }
        cursor.skip(to: size - Self.tail)
    }

    private static func places(of mark: [UInt8], in block: [UInt8]) -> [Int] {
        guard block.count >= mark.count else { return [] }
        return block.withUnsafeBufferPointer { block in
            (0...block.count - mark.count).filter { start in
                block[start] == mark[0] && block[start..<start + mark.count].elementsEqual(mark)
            }
        }
    }
}
