/// What stands on the last line of an output, so that the lines of other streams neither split nor join it.
struct OpenLine: Sendable {
    /// The number of bytes beyond which a line is not drawn again.
    static let maximumLength = 1 << 12

    /// Whether the line can be drawn again under others, as on a terminal.
    let canRedraw: Bool
    private var bytes: [UInt8] = []
    private var owner: Int?

    init(canRedraw: Bool) {
        self.canRedraw = canRedraw
    }

    /// Whether the next line would stand behind something.
    var isOpen: Bool { owner != nil }

    /// What to write when a stream writes some bytes, which may go on with the line that it has begun.
    mutating func bytes(adding added: ArraySlice<UInt8>, of stream: Int) -> [UInt8] {
        guard let last = added.last else { return [] }
        let isBehindOther = owner.map { $0 != stream } ?? false
        if isBehindOther { bytes = [] }
        owner = last == UInt8(ascii: "\n") ? nil : stream
        if let end = added.lastIndex(of: UInt8(ascii: "\n")) {
            bytes = Array(added[(end + 1)...])
        } else {
            bytes += added
        }
        // What was drawn over is gone.
        let drawn = bytes.lastIndex { $0 != UInt8(ascii: "\r") } ?? 0
        if let start = bytes[..<drawn].lastIndex(of: UInt8(ascii: "\r")) { bytes.removeFirst(start) }
        // One byte more than what is drawn again.
        if bytes.count > Self.maximumLength { bytes.removeFirst(bytes.count - Self.maximumLength - 1) }
        return (isBehindOther ? [UInt8(ascii: "\n")] : []) + added
    }

    /// What to write so that whole lines of another stream stand alone.
    mutating func bytes(inserting lines: [UInt8]) -> [UInt8] {
        guard isOpen, !lines.isEmpty else { return lines }
        if canRedraw, bytes.count <= Self.maximumLength { return Array("\r\u{1B}[K".utf8) + lines + bytes }
        bytes = []
        owner = nil
        return [UInt8(ascii: "\n")] + lines
    }
}
