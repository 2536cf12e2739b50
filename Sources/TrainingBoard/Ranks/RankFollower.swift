import Glibc

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
        let used = piece.bytes.withUnsafeBytes { log.read($0) }
        cursor.advance(used, of: piece)
        return used > 0 || piece.isRestart
    }

    /// Takes in the last start of a long file, and goes on with the file's end.
    private mutating func skipMiddle(_ file: OpenFile, _ size: Int) {
        var end = size
        while end > 0 {
            let begin = max(0, end - FileCursor.piece)
            // A line may lie across the border.
            let block = file.read(min(end + Self.longestStart, size) - begin, at: begin)
            for start in Self.startLines(in: block).reversed() {
                let line = block[start...].prefix(Self.longestStart)
                let whole = line.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? start
                _ = line[start..<whole].withUnsafeBytes { log.read($0) }
                guard log.start != nil else { continue }
                cursor.skip(to: max(begin + whole, size - Self.tail))
                return
            }
            end = begin
        }
        cursor.skip(to: size - Self.tail)
    }

    /// A line of a start is shorter.
    private static let longestStart = 4096

    /// Where lines begin that may be starts: those with the word among their first bytes.
    private static func startLines(in block: [UInt8]) -> [Int] {
        let word = Array(#""start""#.utf8)
        return block.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return [] }
            var lines: [Int] = []
            var start = 0
            while start < bytes.count {
                let last = min(start + 24, bytes.count - word.count)
                if start <= last, (start...last).contains(where: { memcmp(base + $0, word, word.count) == 0 }) {
                    lines.append(start)
                }
                guard let end = memchr(base + start, 0x0A, bytes.count - start) else { break }
                start = UnsafeRawPointer(end) - base + 1
            }
            return lines
        }
    }
}
