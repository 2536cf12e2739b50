/// Makes whole lines of a stream's bytes, which may come in any pieces.
///
/// A line is bytes, so a character that arrives in two pieces stays whole. It ends at a line feed, with or without a
/// carriage return before it; a carriage return alone, with which programs redraw a line, ends it too.
struct LineSplitter: Sendable {
    /// How a line ended.
    enum End: Sendable, Hashable {
        case lineFeed
        /// The next line was to be written over it.
        case carriageReturn
        /// It was too long, and goes on in the next.
        case length
        /// The stream ended.
        case stream
    }

    /// The length, in bytes, at which a line is passed on though it has not ended, so that memory stays bounded.
    static let maximumLength = 1 << 20

    private var carried: [UInt8] = []
    /// Whether a carriage return came last, which a line feed may follow.
    private var isAfterReturn = false

    /// Takes the next bytes, and passes on the lines that they complete, without their ends.
    mutating func append(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>, End) -> Void) {
        var rest = bytes
        if isAfterReturn, let first = rest.first {
            isAfterReturn = false
            if first == UInt8(ascii: "\n") { rest = rest.dropFirst() }
            pass([], first == UInt8(ascii: "\n") ? .lineFeed : .carriageReturn, body)
        }
        while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let line = rest[..<end]
            let isReturn = rest[end] == UInt8(ascii: "\r")
            rest = rest[(end + 1)...]
            if isReturn, rest.isEmpty {
                carried += line
                isAfterReturn = true
                return
            }
            let isPair = isReturn && rest.first == UInt8(ascii: "\n")
            if isPair { rest = rest.dropFirst() }
            pass(line, isReturn && !isPair ? .carriageReturn : .lineFeed, body)
        }
        carried += rest
        while carried.count >= Self.maximumLength {
            // Not between the bytes of a character.
            let ends = (0..<4).map { Self.maximumLength - $0 }
            let length = ends.first { $0 == carried.count || carried[$0] & 0xC0 != 0x80 } ?? Self.maximumLength
            body(carried[..<length], .length)
            carried.removeFirst(length)
        }
    }

    /// Passes on what has no line end, at the end of the stream.
    mutating func finish(_ body: (ArraySlice<UInt8>, End) -> Void) {
        if isAfterReturn {
            pass([], .carriageReturn, body)
        } else if !carried.isEmpty {
            pass([], .stream, body)
        }
        isAfterReturn = false
    }

    private mutating func pass(
        _ line: ArraySlice<UInt8>, _ end: End, _ body: (ArraySlice<UInt8>, End) -> Void
    ) {
        guard !carried.isEmpty else { return body(line, end) }
        carried += line
        body(carried[...], end)
        carried.removeAll(keepingCapacity: true)
    }
}
