import Glibc

/// How far a file that grows has been read.
///
/// A file that was shortened, replaced or written anew is noticed by its size, its identity and the bytes before the
/// position, and read from the start.
struct FileCursor: Sendable {
    /// Where the next reading begins.
    private(set) var offset = 0
    /// Whether all whole lines have been read.
    private(set) var isAtEnd = false
    /// When the file was last written, in seconds since 1970.
    var changed: Double? { seen?.time }

    private var seen: FileSignature?
    private var before: [UInt8] = []

    /// How many bytes a reading takes at most.
    static let piece = 1 << 20
    private static let compared = 64

    /// A piece that was read.
    struct Piece {
        /// Whether what was read earlier no longer holds.
        let isRestart: Bool
        let bytes: [UInt8]
    }

    /// Starts at a position of a file whose earlier part is of no interest.
    mutating func skip(to offset: Int) { self.offset = offset }

    /// Reads the next piece, which has to be followed by ``advance(_:of:)``.
    ///
    /// - Parameter file: The file; nil where it does not exist.
    /// - Returns: Nil where nothing is new.
    mutating func next(_ file: OpenFile?) -> Piece? {
        guard let file, let signature = file.status.map(FileSignature.init) else {
            let wasThere = seen != nil
            self = FileCursor()
            isAtEnd = true
            return wasThere ? Piece(isRestart: true, bytes: []) : nil
        }
        if seen == signature, isAtEnd { return nil }
        let isRestart = !continues(file, signature)
        if isRestart { (offset, before) = (0, []) }
        seen = signature
        return Piece(isRestart: isRestart, bytes: file.read(min(Self.piece, signature.size - offset), at: offset))
    }

    /// Goes on behind the whole lines of a piece.
    ///
    /// - Parameter used: How many bytes they have.
    mutating func advance(_ used: Int, of piece: Piece) {
        // A line of this length is none; the rest of it will be no record either.
        let used = used == 0 && piece.bytes.count == Self.piece ? piece.bytes.count : used
        offset += used
        let end: ArraySlice<UInt8> = piece.bytes[max(0, used - Self.compared)..<used]
        before = Array((before + end).suffix(Self.compared))
        isAtEnd = piece.bytes.count < Self.piece
    }

    /// Whether the file is the one that was read, and its part before the position is unchanged.
    private func continues(_ file: OpenFile, _ signature: FileSignature) -> Bool {
        guard let seen else { return offset <= signature.size }
        guard seen.isSameFile(as: signature), offset <= signature.size else { return false }
        return file.read(before.count, at: offset - before.count) == before
    }
}

/// What shows that a file has changed.
struct FileSignature: Sendable, Equatable {
    let size: Int
    private let device: UInt64
    private let number: UInt64
    private let seconds: Int
    private let nanoseconds: Int

    init(_ status: stat) {
        size = Int(status.st_size)
        (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// When the file was last written, in seconds since 1970.
    var time: Double { Double(seconds) + Double(nanoseconds) / 1e9 }

    func isSameFile(as other: FileSignature) -> Bool { (device, number) == (other.device, other.number) }
}
