import Testing

@testable import Launching

@Suite("A line that has not ended")
struct OpenLineTests {
    /// What is written for rank 0's pieces, with a line of another rank after each.
    private func written(_ pieces: [String], canRedraw: Bool) -> String {
        var line = OpenLine(canRedraw: canRedraw)
        var all: [UInt8] = []
        for piece in pieces {
            all += line.bytes(adding: Array(piece.utf8)[...], of: 1)
            all += line.bytes(inserting: Array("x\n".utf8))
        }
        return String(decoding: all, as: UTF8.self)
    }

    @Test(
        "is drawn again under another's line on a terminal",
        arguments: [
            (["a\n"], "a\nx\n"), (["a", "b\n"], "a\r\u{1B}[Kx\nab\nx\n"),
            (["\r1", "\r2"], "\r1\r\u{1B}[Kx\n\r1\r2\r\u{1B}[Kx\n\r2"), (["1\r2\r"], "1\r2\r\r\u{1B}[Kx\n\r2\r"),
            (["a\nb\r", "c"], "a\nb\r\r\u{1B}[Kx\nb\rc\r\u{1B}[Kx\n\rc"), (["", "\n"], "x\n\nx\n"),
        ])
    func redrawn(_ pieces: [String], _ expected: String) {
        #expect(written(pieces, canRedraw: true) == expected)
    }

    @Test("ends before another's line elsewhere, and where it is too long to be drawn again")
    func ended() {
        #expect(written(["a", "b", "c\n"], canRedraw: false) == "a\nx\nb\nx\nc\nx\n")
        let long = String(repeating: "y", count: OpenLine.maximumLength + 1)
        #expect(written([long, "b"], canRedraw: true) == "\(long)\nx\nb\r\u{1B}[Kx\nb")
    }

    @Test("is not gone on with by another stream of the same rank")
    func streams() {
        var line = OpenLine(canRedraw: false)
        let pieces = [("a", 1), ("b", 1), ("c\n", 2), ("d\n", 1), ("", 2)]
        let all = pieces.flatMap { line.bytes(adding: Array($0.utf8)[...], of: $1) }
        #expect(String(decoding: all, as: UTF8.self) == "ab\nc\nd\n")
        #expect(!line.isOpen)
    }
}
