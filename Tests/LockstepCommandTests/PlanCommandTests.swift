import Foundation
import Testing

struct PlanCommandTests {
    private let common = ["plan", "--batch-size", "32", "--bandwidth", "1Gbit"]

    private func run(_ arguments: [String], in folder: TestFolder? = nil) throws -> CommandRun {
        try CommandRun(common + arguments, in: try folder ?? TestFolder())
    }

    @Test func `a known model is planned without more than the network`() throws {
        let run = try run(["--model", "resnet18", "--nodes", "1...64"])
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        #expect(run.output.contains("11.7 million parameters") && run.output.contains("assumed"))
        let numbers = run.lines.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        #expect(numbers.first == 1 && numbers.last == 64)
    }

    @Test func `JSON and a plot are written where they are asked for`() throws {
        let folder = try TestFolder()
        let file = folder.path + "/plan.svg"
        let run = try run(
            ["--model", "toy", "--nodes", "1,2", "--compute", "1us", "--json", "--plot", file], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect((object?["predictions"] as? [Any])?.count == 2)
        let plot = try String(contentsOfFile: file, encoding: .utf8)
        #expect(plot.hasPrefix("<svg"))
    }

    @Test func `an unlimited network is written as a text in JSON`() throws {
        let run = try CommandRun(
            [
                "plan", "--batch-size", "8", "--bandwidth", "unlimited", "--parameters", "25M", "--compute", "1ms",
                "--nodes", "1...2", "--json",
            ], in: TestFolder())
        #expect(run.status == 0, "\(run.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect(object?["bandwidth"] as? String == "unlimited")
    }

    private func writeRun(_ folder: TestFolder, worldSize: Int = 1, steps: Int = 100) throws {
        let configuration = "{\"batch-size\": 16, \"world-size\": \(worldSize), \"program\": \"fashion-mnist\"}"
        try folder.write(configuration.utf8, to: "work/measured/config.json")
        var lines = (1...steps).map {
            "{\"step\":\($0),\"epoch\":\($0 > 50 ? 2 : 1),\"loss\":1.0,\"seconds\":\(Double($0) * 0.01 + ($0 > 50 ? 3 : 0))}"
        }
        lines.append("{\"step\":\(steps),\"epoch\":2,\"accuracy\":0.5,\"seconds\":900}")
        try folder.write(lines.joined(separator: "\n").utf8, to: "work/measured/metrics.jsonl")
    }

    @Test func `a run's folder says what computing takes`() throws {
        let folder = try TestFolder()
        try writeRun(folder)
        let run = try run(
            [
                "--model", "fashion-mnist", "--nodes", "1", "--compute", "measured", "--json", "--memory-bandwidth",
                "unlimited",
            ], in: folder)
        #expect(run.status == 0, "\(run.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let seconds = try #require(object?["secondsPerSample"] as? Double)
        #expect(abs(seconds - 0.01 / 16) < 1e-9)
    }

    @Test("a measurement that does not fit is named", arguments: [(2, 100, "2 ranks"), (1, 10, "too few")])
    func unusable(_ worldSize: Int, _ steps: Int, _ reason: String) throws {
        let folder = try TestFolder()
        try writeRun(folder, worldSize: worldSize, steps: steps)
        let run = try run(["--model", "fashion-mnist", "--nodes", "1", "--compute", "measured"], in: folder)
        #expect(run.status == 64)
        #expect(run.errors.contains(reason), "\(run.errors)")
    }

    @Test func `the benchmark's file says what computing takes`() throws {
        let folder = try TestFolder()
        let text = """
            {"runs": [
            {"program": "toy", "ranks": 1, "contestant": "lockstep", "milliseconds": 2.0, "batch_size": 2},
            {"program": "toy", "ranks": 2, "contestant": "lockstep", "milliseconds": 9.0, "batch_size": 2},
            {"program": "toy", "ranks": 1, "contestant": "pytorch", "milliseconds": 9.0, "batch_size": 2},
            {"program": "toy", "ranks": 1, "contestant": "jax", "error": "none"}]}
            """
        try folder.write(text.utf8, to: "work/bench.json")
        let arguments = ["--nodes", "1", "--compute", "bench.json", "--json", "--memory-bandwidth", "unlimited"]
        let run = try run(["--model", "toy"] + arguments, in: folder)
        let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect(object?["secondsPerSample"] as? Double == 1e-3, "\(run.errors)")
        let missing = try self.run(["--model", "template"] + arguments, in: folder)
        #expect(missing.status == 64 && missing.errors.contains("no run of template"), "\(missing.errors)")
    }

    @Test(
        "a wrong use is named",
        arguments: [
            (["--nodes", "1"], "give --model"), (["--model", "resnet19", "--nodes", "1"], "resnet19"),
            (["--model", "toy", "--nodes", "4...1"], "larger number"),
            (["--model", "toy", "--parameters", "5", "--nodes", "1"], "one of them"),
            (["--parameters", "5M", "--nodes", "1"], "--compute"),
            (["--model", "toy", "--nodes", "1", "--compute", "soon"], "soon"),
            (["--model", "toy", "--nodes", "1", "--compute", "runs/none"], "no such file"),
            (["--model", "toy", "--nodes", "1", "--latency", "50"], "no unit"),
            (["--model", "toy", "--nodes", "1", "--ranks-per-node", "0"], "--ranks-per-node"),
            (["--model", "toy", "--nodes", "1", "--mtu", "10"], "--mtu"),
        ])
    func wrong(_ arguments: [String], _ reason: String) throws {
        let run = try run(arguments)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains(reason), "\(run.errors)")
    }
}
