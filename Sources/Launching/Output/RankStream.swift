/// One of the two streams of a rank, on its way to one of the launcher's.
struct RankStream: Sendable {
    let rank: Int
    let source: Descriptor
    let target: Int32
    private let tails: LineTails?
    private var splitter = LineSplitter()

    /// A stream of a rank, whose last lines are kept in `tails`.
    init(_ rank: Int, from source: Descriptor, to target: Int32, keeping tails: LineTails? = nil) {
        self.rank = rank
        self.source = source
        self.target = target
        self.tails = tails
    }

    /// Takes the next bytes in, and returns the lines that they complete, as they are passed on.
    mutating func lines(adding bytes: ArraySlice<UInt8>) -> [UInt8] {
        var lines: [UInt8] = []
        splitter.append(bytes) { [rank, tails] in Self.pass($0, of: rank, on: &lines, tails) }
        return lines
    }

    /// What has come since the last line end.
    mutating func rest() -> [UInt8] {
        var lines: [UInt8] = []
        splitter.finish { [rank, tails] in Self.pass($0, of: rank, on: &lines, tails) }
        return lines
    }

    private static func pass(_ line: ArraySlice<UInt8>, of rank: Int, on lines: inout [UInt8], _ tails: LineTails?) {
        lines += Array("[rank \(rank)] ".utf8)
        lines += line
        lines.append(UInt8(ascii: "\n"))
        tails?.keep(line, of: rank)
    }
}
