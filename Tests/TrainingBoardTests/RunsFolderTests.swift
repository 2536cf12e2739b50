import Foundation
import Testing

@testable import TrainingBoard

@Suite("The folder of runs")
struct RunsFolderTests {
    private let folder: BoardFolder

    init() throws { folder = try BoardFolder() }

    @Test("runs are the folders with a run's files, and nothing else is")
    func names() throws {
        try folder.write("", to: "b/metrics.jsonl")
        try folder.write("{}", to: "a/config.json")
        try folder.makeFolder("c/ranks")
        try folder.makeFolder("empty")
        try folder.write("", to: ".hidden/metrics.jsonl")
        try folder.write("", to: "file.txt")
        #expect(folder.runs.names() == ["a", "b", "c"])
    }

    @Test("a folder that is a run itself is one run, and one that does not exist has none")
    func single() throws {
        try folder.write("x", to: "one/metrics.jsonl")
        let run = RunsFolder("\(folder.path)/one")
        #expect(run.names() == ["one"])
        #expect(run.open("one", ["metrics.jsonl"])?.size == 1)
        #expect(RunsFolder("\(folder.path)/none").names().isEmpty)
    }

    @Test("nothing outside the folder is opened, neither by name nor through a symbolic link")
    func outside() throws {
        try folder.write("secret", to: "outside/metrics.jsonl")
        try folder.write("secret", to: "outside/rank-0.err")
        try folder.write("x", to: "runs/a/metrics.jsonl")
        try folder.link("runs/linked", to: "\(folder.path)/outside")
        try folder.link("runs/a/config.json", to: "\(folder.path)/outside/metrics.jsonl")
        try folder.link("runs/a/logs", to: "\(folder.path)/outside")
        let runs = RunsFolder("\(folder.path)/runs")
        #expect(runs.names() == ["a"])
        #expect(runs.open("a", ["metrics.jsonl"]) != nil)
        for run in ["linked", "..", ".", "", "a/../../outside", "/", "a\0"] {
            #expect(runs.open(run, ["metrics.jsonl"]) == nil, "\(run)")
        }
        #expect(runs.open("a", ["config.json"]) == nil)
        #expect(runs.open("a", ["logs", "rank-0.err"]) == nil)
        #expect(runs.list("a", "logs").isEmpty)
        #expect(runs.open("a", ["..", "..", "outside", "metrics.jsonl"]) == nil)
    }

    @Test("what is no regular file is not opened, and a named pipe does not hold anything up")
    func pipes() throws {
        try folder.makeFolder("a/ranks")
        #expect(mkfifo("\(folder.path)/a/metrics.jsonl", 0o600) == 0)
        #expect(folder.runs.open("a", ["metrics.jsonl"]) == nil)
        #expect(folder.runs.open("a", ["ranks"]) == nil)
    }

    @Test("the end of a log begins and ends with whole characters")
    func logTail() throws {
        try folder.write("äöü€😀", to: "a/metrics.jsonl")
        let file = try #require(folder.runs.open("a", ["metrics.jsonl"]))
        for limit in 0...13 {
            let tail = LogTail(file, limit: limit)
            #expect(!tail.text.contains("\u{FFFD}"))
            #expect("äöü€😀".hasSuffix(tail.text))
        }
        for position in 0...13 {
            #expect(LogTail(file, after: position).range.upperBound == 13)
        }
        // A character that is being written is left for later.
        try Data("ab€".utf8.dropLast()).write(to: URL(fileURLWithPath: "\(folder.path)/a/metrics.jsonl"))
        let cut = LogTail(try #require(folder.runs.open("a", ["metrics.jsonl"])))
        #expect(cut.text == "ab")
        #expect(cut.range == 0..<2)
        #expect(LogTail(file, after: 99).range.lowerBound == 0)
    }
}
