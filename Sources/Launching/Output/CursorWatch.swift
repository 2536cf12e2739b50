/// Whether a program has hidden its terminal's cursor.
struct CursorWatch: Sendable {
    private static let start = Array("\u{1B}[?25".utf8)
    /// What shows the cursor.
    static let show = start + [UInt8(ascii: "h")]

    private(set) var isHidden = false
    private var matched = 0

    /// Takes the next bytes of what the program writes in.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        // Most bytes are no escape character.
        guard matched > 0 || bytes.contains(Self.start[0]) else { return }
        for byte in bytes {
            if matched == Self.start.count {
                if byte == UInt8(ascii: "l") { isHidden = true }
                if byte == UInt8(ascii: "h") { isHidden = false }
                matched = 0
            } else {
                matched = byte == Self.start[matched] ? matched + 1 : byte == Self.start[0] ? 1 : 0
            }
        }
    }
}
