/// The last lines of a stream, as a reader would have seen them, for the report.
struct LineTail: Sendable {
    private(set) var lines: [String] = []
    /// A line that the next is to be written over.
    private var overwritten: ArraySlice<UInt8> = []

    /// Takes the next line of the stream in.
    mutating func keep(_ line: ArraySlice<UInt8>, _ end: LineSplitter.End) {
        if end == .carriageReturn {
            if !line.isEmpty { overwritten = line }
            return
        }
        keep(line.isEmpty ? overwritten : line)
        overwritten = []
    }

    /// Keeps what is left when the stream has ended.
    mutating func finish() {
        if !overwritten.isEmpty { keep(overwritten) }
        overwritten = []
    }

    private mutating func keep(_ line: ArraySlice<UInt8>) {
        if lines.count == JobReport.quotedLineCount { lines.removeFirst() }
        // One character more than the report shows, which says that there is more.
        lines.append(String(Self.readable(line).prefix(JobReport.lineLength + 1)))
    }

    /// The text without what steers a terminal: colours, movements and other control characters.
    private static func readable(_ line: ArraySlice<UInt8>) -> String {
        // The report shows no more of it.
        let text = String(decoding: line.prefix(8 * JobReport.lineLength), as: UTF8.self)
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var kept = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" {
                guard rest.popFirst() == "[" else { continue }
                // Parameters, and the letter that ends them.
                rest = rest.drop { $0.value < 0x40 }.dropFirst()
            } else if scalar == "\t" || scalar.properties.generalCategory != .control {
                kept.append(scalar)
            }
        }
        return String(kept)
    }
}
