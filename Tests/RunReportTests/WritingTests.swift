import Foundation
import RunReport
import Testing

@Suite("Reports as files")
struct WritingTests {
    @Test func `the report lies in the run's folder, and a later one takes its place`() throws {
        let folder = try RunFolderOnDisk(["metrics.jsonl": "{\"step\":1,\"loss\":1}\n"])
        #expect(try RunReport.write(runFolder: folder.path) == "\(folder.path)/report.html")
        let first = try folder.text("report.html")
        try folder.write("{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":0.5}\n", to: "metrics.jsonl")
        try RunReport.write(runFolder: "\(folder.path)/")
        #expect(try folder.text("report.html") != first)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.sorted() == ["metrics.jsonl", "report.html"])
    }

    @Test func `reading a run twice gives the same page`() throws {
        let folder = try RunFolderOnDisk.complete()
        #expect(try RunReport.page(of: folder.record()) == RunReport.page(of: folder.record()))
    }

    @Test func `a folder without metrics is refused, and nothing is written`() throws {
        let folder = try RunFolderOnDisk(["config.json": "{}"])
        let good = try RunFolderOnDisk.complete()
        let errors = [
            #expect(throws: RunReportError.self) { try RunReport.write(runFolder: folder.path) },
            #expect(throws: RunReportError.self) {
                try RunReport.write(comparing: [good.path, folder.path], to: "\(folder.path)/c.html")
            },
        ]
        for error in errors {
            #expect(error?.code == .noMetrics && error?.message.contains(folder.path) == true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["config.json"])
    }

    @Test func `a place where nothing can be written is an error`() throws {
        let folder = try RunFolderOnDisk.complete()
        for place in ["missing/report.html", "ranks", ""] {
            let error = #expect(throws: RunReportError.self) {
                try RunReport.write(runFolder: folder.path, to: "\(folder.path)/\(place)")
            }
            #expect(error?.code == .unwritable)
        }
    }
}
