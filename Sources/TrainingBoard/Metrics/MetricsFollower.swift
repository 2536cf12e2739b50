/// A `metrics.jsonl` that is followed as it grows.
struct MetricsFollower: Sendable {
    private(set) var log: MetricsLog
    private var cursor = FileCursor()
    private let keepsPoints: Bool

    init(keepsPoints: Bool) {
        self.keepsPoints = keepsPoints
        log = MetricsLog(keepsPoints: keepsPoints)
    }

    /// Whether all lines so far have been read.
    var isAtEnd: Bool { cursor.isAtEnd }

    /// When the file was last written.
    var changed: Double? { cursor.changed }

    /// Reads a piece of at most a megabyte.
    ///
    /// - Returns: Whether anything is new.
    mutating func read(_ file: OpenFile?) -> Bool {
        guard let piece = cursor.next(file) else { return false }
        if piece.isRestart { log = MetricsLog(keepsPoints: keepsPoints) }
        let used = piece.bytes.withUnsafeBytes { log.read($0) }
        cursor.advance(used, of: piece)
        return used > 0 || piece.isRestart
    }
}
