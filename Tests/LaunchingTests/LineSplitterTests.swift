import Testing

@testable import Launching

@Suite("A stream's lines")
struct LineSplitterTests {
    private func lines(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for piece in pieces { splitter.append(piece) { lines.append(String(decoding: $0, as: UTF8.self)) } }
        splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test("are whole however the bytes are split in three", arguments: ["a\n\né🙂\nend", "a\n\né🙂\nend\n", "\n", ""])
    func everySplit(_ text: String) {
        let bytes = Array(text.utf8)
        var expected = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if expected.last == "" { expected.removeLast() }
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
        #expect(parts.joined() == text)
    }
}
