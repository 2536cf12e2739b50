/// Makes whole lines of a stream's bytes, which may come in any pieces.
///
/// A line ends at its line feed and is bytes, so a character that arrives in two pieces stays whole.
struct LineSplitter: Sendable {
    /// The length, in bytes, at which a line is passed on though it has not ended, so that memory stays bounded.
    static let maximumLength = 1 << 20

    private var carried: [UInt8] = []

    /// Takes the next bytes, and passes on the lines that they complete, without their ends.
    mutating func append(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void) {
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if carried.isEmpty {
                body(rest[..<end])
            } else {
                carried += rest[..<end]
                body(carried[...])
                carried.removeAll(keepingCapacity: true)
            }
            rest = rest[(end + 1)...]
        }
        carried += rest
        while carried.count >= Self.maximumLength {
            // Not between the bytes of a character.
            let ends = (0..<4).map { Self.maximumLength - $0 }
            let length = ends.first { $0 == carried.count || carried[$0] & 0xC0 != 0x80 } ?? Self.maximumLength
            body(carried[..<length])
            carried.removeFirst(length)
        }
    }

    /// Passes on what has no line end, at the end of the stream.
    mutating func finish(_ body: (ArraySlice<UInt8>) -> Void) {
        if !carried.isEmpty { body(carried[...]) }
        carried = []
    }
}
