import Foundation
import Testing

struct ReportCommandTests {
    private func folder() throws -> TestFolder {
        let folder = try TestFolder()
        for (name, rate) in [("a", "0.1"), ("b", "0.2")] {
            try folder.write("{\"program\": \"p\", \"learning-rate\": \(rate)}".utf8, to: "work/\(name)/config.json")
            try folder.write(
                "{\"step\":1,\"loss\":2}\n{\"step\":2,\"loss\":1}\n".utf8, to: "work/\(name)/metrics.jsonl")
        }
        return folder
    }

    /// The path of a file in the folder where the command is run.
    private func path(_ name: String, in folder: TestFolder) -> String {
        [folder.path, "work", name].joined(separator: "/")
    }

    @Test func `the report on a run lies in its folder`() throws {
        let folder = try folder()
        let run = try CommandRun(["report", "a"], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let file = path("a/report.html", in: folder)
        #expect(run.lines == [URL(fileURLWithPath: file).path])
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("<!DOCTYPE html>"))
    }

    @Test("several runs are compared in one file", arguments: [[], ["--output", "c.html"], ["-o", "c.html"]])
    func compared(_ options: [String]) throws {
        let folder = try folder()
        let run = try CommandRun(["report", "a", "b"] + options, in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let file = options.last ?? "comparison.html"
        #expect(run.lines == [file])
        #expect(try String(contentsOfFile: path(file, in: folder), encoding: .utf8).contains("What differs"))
    }

    @Test func `a folder that is not there, or is no run's, is named`() throws {
        let folder = try folder()
        try folder.makeFolder("work/empty")
        for (name, words) in [("missing", "There is no folder missing"), ("empty", "empty has no metrics.jsonl")] {
            for others in [[], ["a"]] {
                let run = try CommandRun(["report"] + others + [name], in: folder)
                #expect(run.status == 1 && run.output.isEmpty)
                #expect(run.errors.contains(words), "\(run.errors)")
            }
        }
        #expect(try CommandRun(["report"], in: folder).status == 64)
    }
}
