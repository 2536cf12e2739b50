import RunFiles
import Testing

@Suite("Values in JSON")
struct StoredValueTests {
    private func value(_ text: String) -> StoredValue? { Array(text.utf8).withUnsafeBytes { StoredValue($0) } }

    @Test func `every kind is read, objects with their fields in order and numbers with their digits`() {
        let object = value(" {\"b\": [1.50, -2e3], \"a\": {\"x\": true, \"y\": null}, \"b\": \"\"} ")
        guard case .object(let fields) = object else {
            Issue.record("no object")
            return
        }
        #expect(fields.map(\.name) == ["b", "a", "b"] && object?["b"]?.text == "")
        #expect(fields[0].value.words == "1.50, -2e3" && fields[0].value.list?.last?.integer == -2000)
        #expect(fields[1].value["x"] == .flag(true) && fields[1].value["y"] == StoredValue.none)
        #expect(object?["c"] == nil && value("[]")?.list == [] && value("{}") == .object([]))
    }

    @Test(
        "texts have their signs",
        arguments: [
            (#""a \"b\"\n\\\/ \u00e9 \ud83d\ude00 é""#, "a \"b\"\n\\/ é 😀 é"), (#""\b\f\r\t""#, "\u{8}\u{C}\r\t"),
            (#""\ud83d""#, "\u{FFFD}"), (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
            (#""\u12""#, "\u{FFFD}12"), (#""\q""#, "q"), (#""\u0000""#, "\0"),
        ])
    func texts(_ text: String, _ expected: String) {
        #expect(value(text)?.text == expected)
    }

    @Test(
        "what is no JSON, or more than one value, is none",
        arguments: [
            "", " ", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":1,}", "null null", "tru", "\"", "\"\\", "-", "1e", "\0",
        ])
    func damaged(_ text: String) {
        #expect(value(text) == nil)
    }

    @Test func `values lie in each other as deep as the reader goes, and no deeper`() {
        #expect(value(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) != nil)
        #expect(value(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)) == nil)
        #expect(value(String(repeating: "{\"a\":", count: 100_000)) == nil)
    }
}
