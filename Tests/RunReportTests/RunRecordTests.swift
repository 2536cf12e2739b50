import Foundation
import RunFiles
import RunReport
import Testing

@Suite("The folder of a run")
struct RunRecordTests {
    @Test func `everything that a folder has is read`() throws {
        let folder = try RunFolderOnDisk.complete()
        let run = try folder.record()
        #expect(run.program == "shapes" && run.name == "run" && run.problems.isEmpty && run.hasMetrics)
        #expect(run.configuration.map(\.name).prefix(3) == ["program", "seed", "nproc"])
        #expect(run.setting("learning-rate")?.words == "0.01" && run.setting("resume") == StoredValue.none)
        #expect(run.metrics.series("loss")?.count == 120 && run.metrics.evaluation("accuracy")?.values == [0.7, 0.9])
        let summary = try #require(run.summary)
        #expect(summary.ranks.map(\.rank) == [0, 1] && summary.ranks[1].communication == 0.2)
        #expect(run.evaluation?.confusion == [[40, 10], [5, 45]])
        #expect(run.evaluation?.mistakes.first?.image?.bytes.count == 12)
        #expect(run.evaluation?.mistakes.last?.image == nil)
        #expect(run.ranks.map(\.rank) == [0, 1] && run.ranks[1].end?.outcome == "finished")
        #expect(run.ranks[0].stepCount == 12 && abs(run.ranks[0].phases[.backward] - 0.24) < 1e-9)
        #expect(run.ranks[0].status?.phase == "forward pass" && run.ranks[0].peakMemory == 160_000_000)
        #expect(run.outcome == .finished)
    }

    @Test func `an empty folder has nothing`() throws {
        let run = try RunFolderOnDisk().record()
        #expect(!run.hasMetrics && run.metrics.series.isEmpty && run.configuration.isEmpty && run.ranks.isEmpty)
        #expect(run.outcome == .open && run.problems.isEmpty && run.program == "run")
    }

    @Test(
        "a damaged file is named, and the rest is read",
        arguments: ["config.json", "summary.json", "evaluation.json", "ranks/outcome.json"],
        ["", "{", "null null", "{\"a\": tru}", "\u{0}"])
    func damaged(_ name: String, _ text: String) throws {
        let folder = try RunFolderOnDisk.complete()
        try folder.write(text, to: name)
        let run = try folder.record()
        #expect(run.problems.count == 1 && run.problems[0].contains(name))
        #expect(run.metrics.series("loss")?.count == 120)
    }

    @Test(
        "values of other kinds than expected are passed over",
        arguments: ["config.json", "summary.json", "evaluation.json", "ranks/outcome.json"],
        [
            "null", "[]", "7", "{\"ranks\": 3, \"confusion\": [[1],[2,3]], \"mistakes\": [1, {}], \"lines\": [5]}",
            "{\"ranks\": [{\"rank\": 0, \"compute\": \"NaN\", \"peak_memory\": \"Infinity\"}], \"seconds\": \"NaN\"}",
            "{\"mistakes\": [{\"label\": -1, \"predicted\": 99, \"width\": 3, \"height\": 3, \"channels\": 1, \"pixels\": \"AAAA\"}]}",
            "{\"mistakes\": [{\"label\": 0, \"predicted\": 1, \"width\": 1e9, \"height\": 1e9, \"channels\": 1, \"pixels\": \"%\"}]}",
        ])
    func other(_ name: String, _ text: String) throws {
        let folder = try RunFolderOnDisk.complete()
        try folder.write(text, to: name)
        let run = try folder.record()
        #expect(run.problems.isEmpty)
        #expect(!RunReport.page(of: run).isEmpty)
    }

    @Test func `lines of ranks that cannot be read are passed over, and a new start begins anew`() throws {
        let folder = try RunFolderOnDisk([
            "ranks/rank-3.jsonl": """
            {"type":"start","time":5,"rank":3,"host":"a","world_size":4}
            {"type":"step","step":1,"begin":5,"data":1,"forward":1}
            {"type":"end","time":6,"outcome":"failed","message":"no"}
            garbage
            {"type":"start","time":7,"rank":3,"host":"b","world_size":4}
            {"type":"something else","x":[1,2]}
            {"type":"step","step":2,"begin":7,"data":0.5,"forward":"NaN","backward":-1}
            {"type":"status","time":8,"step":2,"ph
            """,
            "ranks/rank-x.jsonl": "{}",
        ])
        let rank = try #require(try folder.record().ranks.first)
        #expect(rank.rank == 3 && rank.starts == 2 && rank.start?.host == "b" && rank.firstStart == 5)
        #expect(rank.end == nil && rank.stepCount == 1 && rank.phases.total == 0.5 && rank.status == nil)
    }

    @Test func `of many sampled steps some stay, and all count`() throws {
        let lines = (1...20_000).map { "{\"type\":\"step\",\"step\":\($0),\"begin\":1,\"forward\":0.25}\n" }.joined()
        let rank = try #require(try RunFolderOnDisk(["ranks/rank-0.jsonl": lines]).record().ranks.first)
        #expect(rank.stepCount == 20_000 && rank.phases.total == 5000)
        #expect((1000...4096).contains(rank.steps.count) && rank.steps.first?.step == 1)
    }

    @Test(
        "how a run ended is seen from its files",
        arguments: [
            (["summary.json": "{\"outcome\":\"finished\"}"], RunRecord.Outcome.finished),
            (["summary.json": "{\"outcome\":\"stopped\"}"], .stopped(nil)),
            (["ranks/outcome.json": "{\"exit_code\":137,\"rank\":1,\"lines\":[\"killed\"]}"], .failed("killed")),
            (["ranks/outcome.json": "{\"exit_code\":3}"], .failed("exit code 3")),
            (
                ["ranks/rank-0.jsonl": "{\"type\":\"end\",\"outcome\":\"failed\",\"message\":\"no data\"}\n"],
                .failed("no data")
            ),
            (["ranks/rank-0.jsonl": "{\"type\":\"end\",\"outcome\":\"finished\"}\n"], .finished),
            (
                ["ranks/rank-0.jsonl": "{\"type\":\"end\",\"outcome\":\"finished\"}\n", "ranks/rank-1.jsonl": "{}\n"],
                .open
            ),
            (["metrics.jsonl": ""], .open),
            (["summary.json": "{\"outcome\":\"finished\"}", "ranks/outcome.json": "{\"time\":1700000000}"], .finished),
            (
                [
                    "summary.json": "{\"outcome\":\"finished\"}",
                    "ranks/outcome.json": "{\"time\":99999999999,\"lines\":[\"later\"]}",
                ],
                .failed("later")
            ),
        ] as [([String: String], RunRecord.Outcome)])
    func outcome(_ files: [String: String], _ expected: RunRecord.Outcome) throws {
        #expect(try RunFolderOnDisk(files).record().outcome == expected)
    }

    @Test func `a folder that is not there, and a file, are errors that name it`() throws {
        let folder = try RunFolderOnDisk(["config.json": "{}"])
        for name in ["missing", "config.json"] {
            let error = #expect(throws: RunReportError.self) { try RunRecord(folder: "\(folder.path)/\(name)") }
            #expect(error?.code == .noFolder && error?.message.contains("\(folder.path)/\(name)") == true)
        }
    }
}
