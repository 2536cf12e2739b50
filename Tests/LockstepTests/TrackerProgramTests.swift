import Foundation
import FoundationNetworking
import LockstepTesting
import Testing

/// What a program leaves for people and other tools, as its options say.
@Suite("Trackers, report and board of a program")
struct TrackerProgramTests {
    private static let data = ["--synthetic-fallback", "--limit", "640", "--threads", "1"]

    private func run(_ folder: String, _ arguments: [String]) throws -> ProgramRun {
        let run = try RunningProgram("fashion-mnist", Self.data + ["--run-directory", folder] + arguments).finished()
        #expect(run.status == 0, "\(run.diagnostics)")
        return run
    }

    /// The steps of the rows that have a loss.
    private func tableSteps(_ folder: String) throws -> [Int] {
        let rows = try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(rows.first)
        let (step, loss) = (try #require(header.firstIndex(of: "step")), try #require(header.firstIndex(of: "loss")))
        return rows.dropFirst().filter { !$0[loss].isEmpty }.compactMap { Int($0[step]) }
    }

    private func files(_ folder: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    @Test("a table, TensorBoard's files and a report are there unless they are declined")
    func standard() throws {
        let home = try TemporaryFolder()
        _ = try run(home.path("all"), ["--max-steps", "12"])
        #expect(try tableSteps(home.path("all")) == Array(1...12))
        #expect(try files(home.path("all/tensorboard")).count == 1)
        let report = try String(contentsOfFile: home.path("all/report.html"), encoding: .utf8)
        #expect(report.contains("fashion-mnist") && report.contains("Ankle boot") && report.contains("</html>"))
        _ = try run(home.path("none"), ["--max-steps", "12", "--no-tensorboard", "--no-report"])
        let left = try files(home.path("none"))
        #expect(left.contains("metrics.csv") && left.isDisjoint(with: ["tensorboard", "report.html", "wandb"]))
    }

    @Test("--wandb writes an offline run with the project, once for a run that goes on")
    func wandb() throws {
        let home = try TemporaryFolder()
        let options = ["--wandb", "clothes", "--checkpoint-every", "5"]
        _ = try run(home.path("run"), options + ["--max-steps", "10"])
        _ = try run(home.path("run"), options + ["--max-steps", "15", "--resume", "latest"])
        let runs = try files(home.path("run/wandb")).filter { $0.hasPrefix("offline-run-") }
        #expect(runs.count == 1, "\(runs)")
        #expect(try tableSteps(home.path("run")) == Array(1...15))
    }

    @Test("a server that is not there is told of, and the training goes its way")
    func deadServer() throws {
        let home = try TemporaryFolder()
        let port = try freePort()
        let run = try run(home.path("run"), ["--max-steps", "12", "--mlflow", "http://127.0.0.1:\(port)"])
        #expect(run.diagnostics.contains("MLflow at http://127.0.0.1:\(port)"), "\(run.diagnostics)")
        #expect(try tableSteps(home.path("run")) == Array(1...12))
    }

    @Test(
        "options that cannot be meant are refused",
        arguments: [["--mlflow", "somewhere"], ["--metrics-endpoint", "host:port"], ["--wandb", ""]])
    func refusals(arguments: [String]) throws {
        let run = try RunningProgram("fashion-mnist", arguments).finished()
        #expect(run.status == 64 && run.diagnostics.contains(arguments[0]), "\(run.diagnostics)")
    }

    @Test("--board serves a page while the training runs, and ends with it")
    func board() async throws {
        let home = try TemporaryFolder()
        // Long enough for the board to be there.
        let run = try run(home.path("run"), ["--epochs", "200", "--max-steps", "3000", "--board"])
        let address = try #require(
            run.diagnostics.firstMatch(of: /the board is at (http:\/\/127\.0\.0\.1:\d+)/), "\(run.diagnostics)")
        let page = try #require(URL(string: String(address.1)))
        // Its input was closed with the training, so it goes.
        var isServed = true
        for _ in 0..<500 where isServed { isServed = (try? await URLSession.shared.data(from: page)) != nil }
        #expect(!isServed)
    }

    @Test("--metrics-endpoint serves the numbers of the training while it runs")
    func endpoint() async throws {
        let home = try TemporaryFolder()
        let port = try freePort()
        let program = try RunningProgram(
            "fashion-mnist",
            Self.data + [
                "--run-directory", home.path("run"), "--epochs", "10000", "--checkpoint-every", "200000",
                "--max-steps", "200000", "--metrics-endpoint",
                "\(port)",
            ])
        let page = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
        var samples: [Int] = []
        while program.isRunning, samples.count < 2 {
            guard let data = try? await URLSession.shared.data(from: page).0 else { continue }
            let text = String(decoding: data, as: UTF8.self)
            let found = text.firstMatch(of: /lockstep_samples_total{rank="0"} (\d+)/).flatMap { Int($0.1) } ?? 0
            if found > samples.last ?? 0, text.contains("lockstep_loss ") { samples.append(found) }
        }
        // It would train for minutes; a busy machine asks seldom.
        program.terminate()
        let run = try program.finished()
        #expect(run.status == 75 && samples.count == 2, "\(run.diagnostics)")
        #expect(samples.allSatisfy { $0.isMultiple(of: 32) }, "\(samples)")
    }

    @Test("what cannot be written at the end is told of, and the training has ended well")
    func unwritable() throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        let program = try RunningProgram(
            "fashion-mnist", Self.data + ["--run-directory", folder, "--epochs", "200", "--max-steps", "2000"])
        // Earlier files of the folder have been moved aside by then.
        while program.isRunning, !FileManager.default.fileExists(atPath: folder + "/config.json") { usleep(1000) }
        // A folder of the name stands for a disk that is full.
        let names = ["summary.json", "evaluation.json", "report.html"]
        for name in names {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: false)
        }
        let run = try program.finished()
        #expect(run.status == 0, "\(run.diagnostics)")
        for name in names { #expect(run.diagnostics.contains("/\(name) "), "\(run.diagnostics)") }
    }
}
