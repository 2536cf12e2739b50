import Foundation
import RunReport
import Testing

@Suite("Runs side by side")
struct ComparisonTests {
    private func page(_ folders: [RunFolderOnDisk]) throws -> PageReader {
        try PageReader(RunReport.page(comparing: folders.map { try $0.record() }))
    }

    @Test func `results, what differs, and curves are shown`() throws {
        let page = try page([
            try .complete(named: "slow", rate: 0.01), try .complete(named: "fast", steps: 60, rate: 0.1),
            try .complete(named: "third", rate: 0.05),
        ])
        #expect(page.all("h1").first?.text == "3 runs of shapes")
        #expect(page.all("h2").map(\.text) == ["Results", "What differs", "Curves"])
        #expect(page.all("th").map(\.text).contains("learning-rate") && !page.all("th").map(\.text).contains("seed"))
        #expect(!page.all("th").map(\.text).contains("run-directory"))
        #expect(page.all("caption").contains { $0.text.hasSuffix("7 settings are the same.") })
        for text in ["0.01", "0.1", "0.05"] { #expect(page.all("td").map(\.text).contains(text)) }
        #expect(page.paths("strong").count >= 6)
        #expect(page.all("td").contains { $0.classes.contains("best") })
        #expect(page.all("h3").map(\.text).contains("Evaluation loss"))
    }

    @Test("any number of runs is shown", arguments: [1, 2, 9, 30])
    func many(_ count: Int) throws {
        let page = try page(
            try (0..<count).map { try .complete(named: "run-\($0)", steps: 40, rate: Double($0 + 1) * 0.01) })
        #expect(page.all("tbody").first?.text.contains("run-\(count - 1)") == true)
        #expect(page.paths("dash").isEmpty == (count <= 7))
    }

    @Test func `runs of one name are told apart, and the same run twice is numbered`() throws {
        let (first, second) = (try RunFolderOnDisk.complete(), try RunFolderOnDisk.complete())
        let names = try page([first, second]).all("th").filter { $0.text.hasSuffix("/run") }.map(\.text)
        #expect(Set(names).count == 2)
        let same = try page([first, first]).all("th").map(\.text)
        #expect(same.contains(first.path) && same.contains("\(first.path) (2)"))
    }

    @Test func `runs that differ in nothing say so, as those without a configuration`() throws {
        let same = try page([try .complete(named: "a"), try .complete(named: "b")])
        #expect(same.all("p").contains { $0.text == "No setting differs; 8 settings are the same." })
        let empty = try page([try .init(["metrics.jsonl": ""]), try .init(["metrics.jsonl": ""], named: "b")])
        #expect(empty.all("p").contains { $0.text == "No run has a configuration." })
    }

    @Test func `a setting that one run has not got is named`() throws {
        let page = try page([
            try .init(["config.json": "{\"a\": 1, \"b\": [1, 2]}", "metrics.jsonl": ""]),
            try .init(["config.json": "{\"b\": [1, 2], \"c\": null}", "metrics.jsonl": ""], named: "other"),
        ])
        #expect(page.all("td").map(\.text).contains("not set"))
        #expect(page.all("caption").contains { $0.text.hasSuffix("2 settings are the same.") })
    }
}
