import Testing

@testable import Launching

@Suite("A stream's lines")
struct LineSplitterTests {
    private func lines(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        func add(_ line: ArraySlice<UInt8>, _ end: LineSplitter.End) {
            lines.append("\(String(decoding: line, as: UTF8.self))\(Self.marks[end] ?? "")")
        }
        for piece in pieces { splitter.append(piece, add) }
        splitter.finish(add)
        return lines
    }

    private static let marks: [LineSplitter.End: String] = [.lineFeed: "⏎", .carriageReturn: "←", .length: "…"]

    @Test(
        "are whole however the bytes are split in three",
        arguments: [
            ("a\n\né🙂\nend", ["a⏎", "⏎", "é🙂⏎", "end"]), ("a\n\né🙂\nend\n", ["a⏎", "⏎", "é🙂⏎", "end⏎"]),
            ("\n", ["⏎"]), ("", []), ("a\r\nb\r\n", ["a⏎", "b⏎"]), ("é\rb\rc\n", ["é←", "b←", "c⏎"]),
            ("\rb\r\rc\r", ["←", "b←", "←", "c←"]), ("a\r\r\n\r", ["a←", "⏎", "←"]),
        ])
    func everySplit(_ text: String, _ expected: [String]) {
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                #expect(lines([bytes[..<first], bytes[first..<second], bytes[second...]]) == expected)
            }
        }
    }

    @Test("are passed on in parts, between characters, when they are longer than memory allows", arguments: 0..<4)
    func endless(offset: Int) {
        let text = String(repeating: "x", count: offset) + String(repeating: "🙂", count: LineSplitter.maximumLength)
        let parts = lines([Array(text.utf8)[...]])
        #expect(parts.count == 5 || parts.count == 4)
        #expect(parts.joined().filter { $0 != "…" } == text)
        #expect(parts.dropLast().allSatisfy { $0.hasSuffix("…") })
    }

    @Test(
        "that are kept are the last as a reader saw them",
        arguments: [
            ("a\nb\nc", ["a", "b", "c"]), ("1 %\r2 %\r3 %\nend\n", ["3 %", "end"]), ("\r1 %\r2 %", ["2 %"]),
            ("1 %\r2 %\r", ["2 %"]), ("1 %\r\r\n", ["1 %"]),
            ("\r\u{1B}[32m4 %\u{1B}[K\n\u{7}b\tc\u{1B}", ["4 %", "b\tc"]),
            ("", []), ("\n\n", ["", ""]), ((1...30).map { "\($0)\n" }.joined(), (11...30).map { "\($0)" }),
        ])
    func tail(_ text: String, _ expected: [String]) {
        var splitter = LineSplitter()
        var tail = LineTail()
        for byte in text.utf8 { splitter.append([byte]) { tail.keep($0, $1) } }
        splitter.finish { tail.keep($0, $1) }
        tail.finish()
        #expect(tail.lines == expected)
    }
}
