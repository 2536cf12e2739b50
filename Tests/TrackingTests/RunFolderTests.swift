import Foundation
import Testing

@testable import Tracking

@Suite("A run has a folder")
struct RunFolderTests {
    @Test("a named folder is created with those above it")
    func created() throws {
        let folder = try TrackingFolder()
        let run = try RunFolder(at: folder.file("a/b/c"), program: "p")
        #expect(run.path == folder.file("a/b/c"))
        #expect(run.notices.isEmpty)
        #expect(run.metricsPath == folder.file("a/b/c/metrics.jsonl"))
        #expect(run.path(of: "model.safetensors") == folder.file("a/b/c/model.safetensors"))
        #expect(try folder.names == ["a"])
    }

    @Test("without a name it is called after program and time, and never shared")
    func unnamed() async {
        await #expect(processExitsWith: .success) {
            let folder = try TrackingFolder()
            guard chdir(folder.path) == 0 else { exit(2) }
            setenv("TZ", "UTC", 1)
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            let runs = try (0..<3).map { _ in try RunFolder(at: nil, program: ".build/debug/fashion-mnist", date: date)
            }
            let names = runs.map { String($0.path.dropFirst(folder.path.count)) }
            let name = "/runs/fashion-mnist-20231114-221320"
            guard names == [name, name + "-2", name + "-3"] else { exit(3) }
            guard runs.allSatisfy({ FileManager.default.fileExists(atPath: $0.path) }) else { exit(4) }
        }
    }

    @Test("the configuration keeps its order, one field a line")
    func configuration() throws {
        let folder = try TrackingFolder()
        let run = try RunFolder(at: folder.path, program: "p")
        try run.writeConfiguration([
            "seed": 0, "learningRate": 0.01, "device": "cpu", "limit": nil, "betas": [0.9, 0.999],
        ])
        #expect(
            try folder.text("config.json") == """
                {
                  "seed": 0,
                  "learningRate": 0.01,
                  "device": "cpu",
                  "limit": null,
                  "betas": [0.9,0.999]
                }

                """)
        #expect(try folder.names == ["config.json"])
        try run.writeConfiguration([:])
        #expect(try folder.text("config.json") == "{}\n")
    }

    @Test("an earlier run in a named folder is kept under the next free number, and that is said")
    func earlierRun() throws {
        let folder = try TrackingFolder()
        for number in 0..<3 {
            let run = try RunFolder(at: folder.path, program: "p")
            #expect(run.notices.count == (number == 0 ? 0 : 1))
            if let notice = run.notices.first {
                #expect(notice.contains("metrics.\(number).jsonl") && notice.contains("config.\(number).json"))
                #expect(notice.contains(folder.path) && !notice.contains("\n"))
            }
            _ = try folder.place("metrics of \(number)\n", as: "metrics.jsonl")
            try run.writeConfiguration(["run": .integer(number)])
        }
        #expect(
            try folder.names == [
                "config.1.json", "config.2.json", "config.json", "metrics.1.jsonl", "metrics.2.jsonl", "metrics.jsonl",
            ])
        #expect(try folder.text("metrics.1.jsonl") == "metrics of 0\n")
        #expect(try folder.text("metrics.2.jsonl") == "metrics of 1\n")
        #expect(try folder.text("config.2.json").contains("\"run\": 1"))
    }

    @Test("metrics and configuration of a run share a number that neither of them had")
    func sharedNumber() throws {
        let folder = try TrackingFolder()
        for name in ["metrics.jsonl", "config.json", "metrics.2.jsonl", "config.1.json"] {
            _ = try folder.place(name, as: name)
        }
        _ = try RunFolder(at: folder.path, program: "p")
        #expect(
            try folder.names == ["config.1.json", "config.3.json", "metrics.2.jsonl", "metrics.3.jsonl"])
        #expect(try folder.text("config.1.json") == "config.1.json")
    }

    @Test("what trackers wrote of an earlier run is kept under the same number")
    func earlierTrackers() throws {
        let folder = try TrackingFolder()
        _ = try folder.place("table", as: "metrics.csv")
        _ = try folder.place("metrics", as: "metrics.jsonl")
        try FileManager.default.createDirectory(atPath: folder.file("tensorboard"), withIntermediateDirectories: false)
        _ = try folder.place("events", as: "tensorboard/events")
        _ = try folder.place("", as: "metrics.1.csv")
        let run = try RunFolder(at: folder.path, program: "p")
        #expect(try folder.names == ["metrics.1.csv", "metrics.2.csv", "metrics.2.jsonl", "tensorboard.2"])
        #expect(try folder.text("tensorboard.2/events") == "events")
        #expect(run.notices.first?.contains("tensorboard is now tensorboard.2") == true)
        _ = try folder.place("new", as: "metrics.csv")
        #expect(try RunFolder(at: folder.path, program: "p", isContinued: true).notices.isEmpty)
        #expect(try folder.text("metrics.csv") == "new")
    }

    @Test(
        "of runs that start at once in one folder none overwrites what another has",
        arguments: [["config.json"], ["metrics.jsonl"], ["config.json", "metrics.jsonl"]])
    func atOnce(_ names: [String]) async throws {
        for _ in 0..<50 {
            let folder = try TrackingFolder()
            for name in names { _ = try folder.place("earlier", as: name) }
            let path = folder.path
            let writers = await withTaskGroup(of: MetricsWriter?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            let run = try RunFolder(at: path, program: "p")
                            return try MetricsWriter(run.metricsPath) { Issue.record("\($0)") }
                        } catch let error as TrackingError where error.code == .fileInUse {
                            return nil
                        } catch {
                            Issue.record("\(error)")
                            return nil
                        }
                    }
                }
                return await group.reduce(into: []) { writers, writer in writer.map { writers.append($0) } }
            }
            #expect(writers.count <= 1)
            for writer in writers {
                writer.write(["a": 1])
                try writer.close()
                #expect(try folder.text("metrics.jsonl") == "{\"a\":1}\n")
            }
            for name in names {
                var kept = 0
                for file in try folder.names where file.hasPrefix(name.prefix(6)) {
                    if try folder.text(file) == "earlier" { kept += 1 }
                }
                #expect(kept == 1)
            }
        }
    }

    @Test("a continued run keeps its metrics, and its configuration where it is the same")
    func continued() throws {
        let folder = try TrackingFolder()
        let first = try RunFolder(at: folder.path, program: "p")
        _ = try folder.place("{}\n", as: "metrics.jsonl")
        try first.writeConfiguration(["epochs": 5])
        let second = try RunFolder(at: folder.path, program: "p", isContinued: true)
        #expect(second.notices.isEmpty)
        #expect(try second.writeConfiguration(["epochs": 5]) == nil)
        #expect(try folder.names == ["config.json", "metrics.jsonl"])
        #expect(try second.writeConfiguration(["epochs": 6]) == "config.1.json")
        #expect(try folder.text("config.1.json").contains("5"))
        #expect(try folder.text("config.json").contains("6"))
    }

    @Test("a folder that a run is writing into is refused", arguments: [false, true])
    func inUse(_ isContinued: Bool) throws {
        let folder = try TrackingFolder()
        let metrics = try MetricsWriter(folder.file("metrics.jsonl")) { Issue.record("\($0)") }
        let error = try #require(throws: TrackingError.self) {
            try RunFolder(at: folder.path, program: "p", isContinued: isContinued)
        }
        #expect(error.code == .fileInUse)
        #expect(error.message.contains(folder.path))
        #expect(try folder.names == ["metrics.jsonl"])
        try metrics.close()
        _ = try RunFolder(at: folder.path, program: "p", isContinued: isContinued)
    }

    @Test(
        "a path that leads through a file is named, with the next step", arguments: ["file", "file/below", "file/a/b"])
    func throughFile(_ name: String) throws {
        let folder = try TrackingFolder()
        _ = try folder.place("", as: "file")
        let error = try #require(throws: TrackingError.self) { try RunFolder(at: folder.file(name), program: "p") }
        #expect(error.code == .folderUnavailable)
        #expect(error.message.contains(folder.file("file")))
        #expect(error.message.contains("choose another path"))
    }

    @Test("a configuration that cannot be written leaves no other file")
    func unwritable() throws {
        let folder = try TrackingFolder()
        let run = try RunFolder(at: folder.file("run"), program: "p")
        try FileManager.default.removeItem(atPath: run.path)
        let error = try #require(throws: TrackingError.self) { try run.writeConfiguration(["a": 1]) }
        #expect(error.code == .fileUnwritable)
        #expect(error.message.contains(run.configurationPath))
        #expect(try folder.names.isEmpty)
    }
}
