import Testing

@testable import Checkpointing

@Suite("Plain values in JSON")
struct CheckpointValueTests {
    @Test(
        "every value comes back as it was",
        arguments: [
            0, .integer(.max), .integer(.min), 1.0, -0.0, 0.1, .number(.leastNonzeroMagnitude), .number(1e300),
            .number(.infinity),
            true, false, nil, "", "\u{0}\u{1f}\"\\/ü\u{1F600}", [], [:], [[], [1, [2.0]]],
            ["$number": "x"], ["a": ["b": [:]], "": nil],
        ] as [CheckpointValue])
    func roundTrip(_ value: CheckpointValue) throws {
        let read = try CheckpointValue(json: value.json.utf8, file: "text")
        #expect(read == value)
        #expect(read.json == value.json)
        #expect(read.doubleValue?.bitPattern == value.doubleValue?.bitPattern)
    }

    @Test("NaN comes back as NaN")
    func notANumber() throws {
        let read = try CheckpointValue(json: CheckpointValue.number(.nan).json.utf8, file: "text")
        #expect(read.doubleValue?.isNaN == true)
    }

    @Test(
        "what is no JSON is refused with its place",
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{a:1}", "\"", "\"\\",
            "\"\\u12\"", "\"\\x\"", "\"\n\"", "tru", "nul", "-", "1e", "1e999", "0x10", "1 2", "[1 2]", "+", "NaN",
            String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
        ])
    func refused(_ text: String) throws {
        let error = try #require(throws: CheckpointError.self) { try CheckpointValue(json: text.utf8, file: "f.json") }
        #expect(error.code == .damaged)
        #expect(error.message.contains("f.json") && error.message.contains("at byte"))
    }

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: CheckpointError.self) { try CheckpointValue(json: [0x22, 0xFF, 0x22], file: "f.json") }
    }
}
