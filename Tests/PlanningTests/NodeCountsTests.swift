import Planning
import Testing

@Suite("Numbers of nodes are read")
struct NodeCountsTests {
    @Test(
        "ranges include both ends, and each number is there once",
        arguments: [
            ("1...4", [1, 2, 3, 4]), ("1,2,4,8", [1, 2, 4, 8]), ("1...3,8, 16", [1, 2, 3, 8, 16]), ("5", [5]),
            ("4,1,4", [1, 4]), ("3...3", [3]),
        ])
    func read(_ text: String, _ expected: [Int]) throws {
        #expect(try NodeCounts(text).values == expected)
    }

    @Test("they are written as they are read", arguments: ["1...64", "1,2,4,8", "5"])
    func written(_ text: String) throws {
        #expect("\(try NodeCounts(text))" == text)
    }

    @Test(
        "another text is refused with the reason",
        arguments: [
            ("8...1", "larger number"), ("0...4", "within 1"), ("1..<4", "excludes"), ("", "neither"),
            ("1,,2", "neither"), ("a...b", "neither"), ("1...2...3", "neither"), ("1...99999999", "within"),
            ("1...20000", "more than"), ("-3", "within"), ("1-64", "neither"), ("99999999999999999999", "neither"),
        ])
    func refused(_ text: String, _ reason: String) throws {
        let error = try #require(throws: PlanningError.self) { try NodeCounts(text) }
        #expect("\(error.code)" == "invalidNodeCounts")
        #expect(error.message.contains(reason) && error.message.contains("1...64"), "\(error)")
    }
}
