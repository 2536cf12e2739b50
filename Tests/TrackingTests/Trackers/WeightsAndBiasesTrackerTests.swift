import Foundation
import LockstepTesting
import Testing

@testable import Tracking

@Suite(
    "Weights & Biases reads the offline runs",
    .enabled(if: TrackerPython.isAvailable, TrackerPython.absence))
struct WeightsAndBiasesTrackerTests {
    /// What stands in a log, as the package's own reader gives it.
    private struct Log: Decodable {
        struct Run: Decodable {
            let id: String
            let project: String
            let name: String
            let start: Double
            let config: [String: String]
        }
        let kinds: [String]
        let numbers: [Int]
        let runs: [Run]
        let history: [[String: String]]
        let steps: [Int]
        let summary: [String: String]
        let configUpdates: [[String: String]]
        let exit: Int?
    }

    private static let script = """
        import json, sys
        from wandb.sdk.internal.datastore import DataStore
        from wandb.proto import wandb_internal_pb2 as pb
        store = DataStore()
        store.open_for_scan(sys.argv[1])
        key = lambda item: item.key or "/".join(item.nested_key)
        items = lambda list: {key(item): item.value_json for item in list}
        log = {"kinds": [], "numbers": [], "runs": [], "history": [], "steps": [], "summary": {}, "configUpdates": [],
               "exit": None}
        while True:
            data = store.scan_data()
            if data is None: break
            record = pb.Record()
            record.ParseFromString(data)
            kind = record.WhichOneof("record_type")
            log["kinds"].append(kind)
            log["numbers"].append(record.num)
            if kind == "run":
                run = record.run
                log["runs"].append({"id": run.run_id, "project": run.project, "name": run.display_name,
                                    "start": run.start_time.ToNanoseconds() / 1e9, "config": items(run.config.update)})
            if kind == "history":
                log["history"].append(items(record.history.item))
                log["steps"].append(record.history.step.num)
            if kind == "summary": log["summary"].update(items(record.summary.update))
            if kind == "config": log["configUpdates"].append(items(record.config.update))
            if kind == "exit": log["exit"] = record.exit.exit_code
        print(json.dumps(log))
        """

    private func logPath(_ folder: String) throws -> String {
        let runs = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/wandb")
        #expect(runs.count == 1)
        let run = try #require(runs.first)
        let id = try #require(run.split(separator: "-").last)
        #expect(run.wholeMatch(of: /offline-run-\d{8}_\d{6}-[a-z0-9]{8}/) != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/wandb/\(run)").contains("files"))
        return "\(folder)/wandb/\(run)/run-\(id).wandb"
    }

    private func log(_ folder: String) throws -> Log {
        try TrackerPython.json(Log.self, Self.script, [logPath(folder)])
    }

    @Test("a run has its project, configuration, a row a step, latest values and outcome")
    func wholeRun() throws {
        let folder = try TrackingFolder()
        var tracker = WeightsAndBiasesTracker(project: "fashion")
        try tracker.start(.test(folder.path))
        try tracker.log(steps: 1...2)
        // An evaluation at the last step, and numbers that are not finite.
        try tracker.log([
            TrackedPoint(["step": 2, "epoch": 1, "accuracy": .number(.nan)], time: 1_700_000_003, step: 2)
        ])
        try tracker.log([TrackedPoint(["step": 3, "loss": .single(-.infinity)], time: 1_700_000_004, step: 3)])
        try tracker.finish(.failed("x"))
        let log = try log(folder.path)
        #expect(log.kinds == ["header", "run", "history", "history", "summary", "history", "summary", "exit"])
        #expect(log.numbers == Array(1...8))
        let run = try #require(log.runs.first)
        #expect(run.project == "fashion" && run.name == "a run" && run.start == 1_700_000_000)
        #expect(try logPath(folder.path).hasSuffix("run-\(run.id).wandb"))
        #expect(
            run.config == [
                "epochs": "2", "learningRate": "0.01", "name": "\"größe, \\\"x\\\"\"", "betas": "[0.9,0.999]",
                "shuffle": "true", "limit": "null",
            ])
        #expect(log.steps == [1, 2, 3])
        #expect(
            log.history[1] == [
                "_step": "2", "epoch": "1", "loss": "2.0", "accuracy": "NaN", "_timestamp": "1700000003.0",
                "_runtime": "3.0",
            ])
        #expect(log.history[2]["loss"] == "-Infinity" && log.history[2]["_step"] == "3")
        #expect(
            log.summary == [
                "_step": "3", "epoch": "1", "loss": "-Infinity", "accuracy": "NaN", "_timestamp": "1700000004.0",
                "_runtime": "4.0",
            ])
        #expect(log.exit == 1)
    }

    @Test("a resumed run goes on under the same id behind its step", arguments: [0, 57, 100])
    func resumed(_ step: Int) throws {
        let folder = try TrackingFolder()
        var first = WeightsAndBiasesTracker()
        try first.start(.test(folder.path))
        for start in stride(from: 1, through: 91, by: 10) { try first.log(steps: start..<start + 10) }
        try first.finish(.stopped("asked to"))
        let path = try logPath(folder.path)
        let id = try #require(try log(folder.path).runs.first?.id)
        for ending in [".synced", ".syncstate"] { try Data().write(to: URL(fileURLWithPath: path + ending)) }

        var second = WeightsAndBiasesTracker()
        try second.start(.test(folder.path, after: step))
        // An evaluation of the step that the run goes on after is part of its row.
        if step > 0 { try second.log([TrackedPoint(["step": .integer(step), "accuracy": 0.5], time: 1, step: step)]) }
        try second.log(steps: step + 1...step + 30) { Double(-$0) }
        try second.goBack(to: step + 20)
        try second.log(steps: step + 21...step + 22) { _ in 0.5 }
        try second.finish(.finished)
        let log = try log(folder.path)
        #expect(log.runs.map(\.id) == [id] && log.runs.first?.project == "lockstep-tests")
        #expect(log.steps == Array(1...step + 22))
        #expect(
            log.history.map { $0["loss"] }
                == (1...step + 22).map { $0 <= step ? "\($0).0" : $0 <= step + 20 ? "-\($0).0" : "0.5" })
        if step > 0 { #expect(log.history[step - 1]["accuracy"] == "0.5" && log.summary["accuracy"] == "0.5") }
        #expect(log.numbers == Array(1...log.numbers.count))
        #expect(log.configUpdates.count == 1 && log.exit == 0 && log.kinds.filter { $0 == "exit" }.count == 1)
        #expect(log.summary["loss"] == "0.5")
        let files = try FileManager.default.contentsOfDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        #expect(files.sorted() == ["files", "run-\(id).wandb"], "it is sent again")
    }

    @Test("a log of many blocks, with records longer than a block, is read whole and cut anywhere goes on")
    func blocks() throws {
        let folder = try TrackingFolder()
        var tracker = WeightsAndBiasesTracker()
        try tracker.start(.test(folder.path))
        let long = String(repeating: "long ", count: 20_000)
        try tracker.log([TrackedPoint(["step": 0, "note": .text(long)], time: 1, step: 0)])
        // Lengths that leave every possible rest of a block.
        for step in 1...400 {
            try tracker.log([
                TrackedPoint(
                    ["step": .integer(step), "note": .text(String(repeating: "x", count: step % 131))], time: 1,
                    step: step)
            ])
        }
        let path = try logPath(folder.path)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(whole.count > 4 << 15)
        #expect(try log(folder.path).steps == Array(0...400))
        #expect(try log(folder.path).history[0]["note"] == "\"\(long)\"")

        for cut in [1, 2, 7, 8, 100, 1000, 33_000] {
            try whole.dropLast(cut).write(to: URL(fileURLWithPath: path))
            var next = WeightsAndBiasesTracker()
            try next.start(.test(folder.path, after: 500))
            try next.log(steps: 501...502)
            let steps = try log(folder.path).steps
            #expect(Array(steps.suffix(2)) == [501, 502])
            #expect(Array(steps.dropLast(2)) == Array(0..<steps.count - 2) && steps.count > 50)
        }
    }

    /// What a server got from `wandb sync`.
    private struct Sent: Decodable {
        let runs: [Run]
        let rows: [Row]
        let exitCode: Int?
        let output: String

        struct Run: Decodable {
            let name: String
            let project: String
            let displayName: String
            let config: [String: Value]
        }
        struct Value: Decodable { let value: Double? }
        struct Row: Decodable {
            let _step: Int
            let loss: Double
        }
    }

    @Test("`wandb sync` sends the whole run to a server, with its project and configuration, and its end")
    func sync() throws {
        let folder = try TrackingFolder()
        var tracker = WeightsAndBiasesTracker(project: "fashion")
        var run = TrackedRun.test(folder.path)
        run.configuration = ["learningRate": 0.01, "epochs": 2]
        try tracker.start(run)
        try tracker.log(steps: 1...300)
        try tracker.goBack(to: 200)
        try tracker.log(steps: 201...250) { Double(-$0) }
        try tracker.finish(.failed("x"))
        let path = URL(fileURLWithPath: try logPath(folder.path)).deletingLastPathComponent().path
        let sent = try withTemporaryFolder { work in
            try TrackerPython.json(Sent.self, WandbStandIn.script, [path, work])
        }
        let upserted = try #require(sent.runs.first, "\(sent.output)")
        #expect(upserted.project == "fashion" && upserted.displayName == "a run")
        #expect(path.hasSuffix(upserted.name))
        #expect(upserted.config["learningRate"]?.value == 0.01 && upserted.config["epochs"]?.value == 2)
        #expect(sent.rows.map(\._step) == Array(1...250))
        let losses = (1...250).map { step -> Double in step <= 200 ? Double(step) : -Double(step) }
        #expect(sent.rows.map(\.loss) == losses)
        // The command's Python reader passes on that the run ended, and the one in later versions also how.
        #expect(sent.exitCode != nil)
    }
}
