import Foundation
import LockstepTesting
import Testing

/// Programs that `lockstep run` starts as ranks.
@Suite("lockstep run")
struct LockstepRunTests {
    private func run(_ arguments: [String], environment: [String: String?] = [:]) throws -> ProgramRun {
        try RunningProgram("lockstep", ["run"] + arguments, environment: environment).finished()
    }

    @Test(
        "starts a program as ranks, whose options may be spelled as torchrun's",
        arguments: [
            ["--nproc", "2"], ["--standalone", "--nproc_per_node=2"], ["--nnodes", "1:1", "--nproc-per-node", "2"],
        ])
    func program(_ options: [String]) throws {
        let folder = try TemporaryFolder()
        let arguments = ["--seed", "123", "--max-steps", "50", "--run-directory", folder.path("run")]
        let run = try run(options + [RunningProgram.binaries + "/toy"] + arguments)
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.diagnostics.contains("global batch 4 = 2 ranks × 2"))
    }

    private struct Rank: Decodable {
        let rank, worldSize, localRank: Int
        let threads: String?
        let arguments: [String]
        let parameters: String

        enum CodingKeys: String, CodingKey {
            case rank, threads, arguments, parameters
            case worldSize = "world_size"
            case localRank = "local_rank"
        }
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("MixedJob/ddp_script.py").path

    /// A search path on which `python3` is the one with PyTorch.
    private static let path: String? = PyTorchPython.executable.map {
        URL(fileURLWithPath: $0).deletingLastPathComponent().path + ":/usr/bin:/bin"
    }

    private static let hasPython =
        PyTorchPython.executable != nil || ProcessInfo.processInfo.environment["CI"] != nil

    @Test("starts a Python script with DistributedDataParallel", .enabled(if: hasPython, "\(PyTorchPython.absence)"))
    func script() throws {
        let run = try run(["--nproc", "2", Self.script, "--nproc", "3"], environment: ["PATH": Self.path])
        #expect(run.status == 0, "\(run.diagnostics)")
        let ranks = try run.output.split(separator: "\n").map { line in
            try JSONDecoder().decode(Rank.self, from: Data(line.drop { $0 != "{" }.utf8))
        }.sorted { $0.rank < $1.rank }
        #expect(ranks.map(\.rank) == [0, 1])
        #expect(ranks.map(\.localRank) == [0, 1])
        #expect(ranks.allSatisfy { $0.worldSize == 2 && $0.arguments == ["--nproc", "3"] && $0.threads != nil })
        #expect(Set(ranks.map(\.parameters)).count == 1)
    }

    @Test("names a Python rank that fails, with its last words", .enabled(if: hasPython, "\(PyTorchPython.absence)"))
    func failure() throws {
        let run = try run(["--nproc", "2", Self.script, "--fail"], environment: ["PATH": Self.path])
        #expect(run.status == 1)
        let lines = run.diagnostics.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("rank 1 (pid ") && $0.contains("it exited with code 1") })
        #expect(
            lines.contains { $0.hasPrefix("  ") && $0.hasSuffix("ValueError: dataset index 5 out of range") },
            "\(run.diagnostics)")
    }

    @Test(
        "says what it cannot start",
        arguments: [
            (["--nproc", "2", "/nowhere/program"], "/nowhere/program: there is no such file"),
            (["--nproc", "2", "/etc/passwd"], "/etc/passwd is no program"),
            (["no-such-program"], "there is no program no-such-program in PATH"),
            (["nowhere.py"], "nowhere.py: there is no such file"),
            ([], "Missing expected argument"), (["--nprocs", "2", "true"], "Unknown option '--nprocs'"),
            (["--nnodes", "1:4", "true"], "the number of machines is fixed"),
            (["--rdzv-backend", "etcd", "true"], "--rdzv-backend etcd"),
            (["--nproc", "0", "true"], "at least one process is needed"),
        ])
    func unstartable(_ arguments: [String], _ text: String) throws {
        let run = try run(arguments)
        #expect(run.status == 64)
        #expect(run.diagnostics.contains(text), "\(run.diagnostics)")
    }

    @Test("passes a program's code on, and starts one process where no number is given")
    func code() throws {
        #expect(try run(["true"]).status == 0)
        #expect(try run(["--nproc", "2", "--", "true"]).status == 0)
        let help = try run(["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("--rendezvous <tcp://host:port>"), "\(help.output)")
        let run = try run(["sh", "-c", "echo $RANK of $WORLD_SIZE; exit 7"])
        #expect(run.status == 7)
        #expect(run.output == "0 of 1\n")
    }
}
