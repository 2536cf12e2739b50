import Foundation
import Lockstep
import LockstepTesting
import Testing

/// A run that goes on from a checkpoint, beside one that was never interrupted.
@Suite("Resuming a training")
struct ResumeTests {
    private static let steps = 20

    /// Runs the probe in a folder.
    private func run(
        _ folder: String, ranks: Int, _ arguments: [String] = [], steps: Int = ResumeTests.steps, status: Int32 = 0,
        environment: [String: String] = [:]
    ) throws -> ProgramRun {
        let run = try RunningProgram(
            "training-probe",
            ["resumes", "--max-steps", "\(steps)", "--run-directory", folder] + arguments
                + (ranks > 1 ? ["--nproc", "\(ranks)"] : []),
            environment: environment
        ).finished()
        #expect(run.status == status, "\(run.diagnostics)")
        return run
    }

    private func checkpoint(_ folder: String, _ step: Int) -> String {
        folder + "/checkpoints/step-" + String(repeating: "0", count: step < 10 ? 8 : 7) + "\(step)"
    }

    @Test(
        "from each step, at any number of ranks and in mid-accumulation, every bit is that of the uninterrupted run",
        arguments: [(1, 1, Array(1..<20)), (1, 3, [2, 3, 5, 6, 13]), (2, 1, [1, 3, 4, 7, 19]), (2, 2, [2, 9])])
    func bits(ranks: Int, accumulate: Int, from: [Int]) throws {
        let home = try TemporaryFolder()
        let straight = home.path("straight")
        let options = ["--accumulate", "\(accumulate)", "--batch-size", "\(4 / ranks)"]
        _ = try run(straight, ranks: ranks, options + ["--checkpoint-every", "1", "--keep-checkpoints", "100"])
        let whole = try RunRecord(of: straight)
        let parts = ["model", "model-2", "optimizer", "scheduler", "sum", "generators"]
        #expect(Set(whole.tensors.keys) == Set(parts.map { "\($0).safetensors" }))
        #expect(whole.metrics.count { $0.contains("\"loss\":") } == Self.steps)
        for step in from {
            let folder = home.path("from-\(step)")
            let resume = ["--resume", checkpoint(straight, step), "--checkpoint-every", "1000"]
            // Every third is interrupted again on its way.
            if step % 3 == 0, step < 18 {
                _ = try run(folder, ranks: ranks, options + resume, steps: step + 2)
                _ = try run(folder, ranks: ranks, options + ["--resume", "latest", "--checkpoint-every", "1000"])
            } else {
                _ = try run(folder, ranks: ranks, options + resume)
            }
            #expect(try RunRecord(of: folder).isEnd(of: whole, lines: Self.steps - step), "step \(step)")
        }
    }

    @Test("over Gloo, whose sums follow the layout of buckets, three ranks go on with the buckets that they had")
    func buckets() throws {
        let home = try TemporaryFolder()
        let straight = home.path("straight")
        let options = [
            "--backend", "gloo", "--batch-size", "2", "--checkpoint-every", "1", "--keep-checkpoints", "100",
        ]
        _ = try run(straight, ranks: 3, options, steps: 6)
        let whole = try RunRecord(of: straight)
        for step in [1, 2, 5] {
            let folder = home.path("from-\(step)")
            _ = try run(folder, ranks: 3, options + ["--resume", checkpoint(straight, step)], steps: 6)
            #expect(try RunRecord(of: folder).isEnd(of: whole, lines: 6 - step), "step \(step)")
        }
    }

    @Test(
        "ranks that are killed in mid-epoch go on where they last saved, and end with the same bits", arguments: [1, 2])
    func killed(ranks: Int) throws {
        let home = try TemporaryFolder()
        let save = ["--checkpoint-every", "4"]
        _ = try run(home.path("straight"), ranks: ranks, save)
        let folder = home.path("killed")
        _ = try run(
            folder, ranks: ranks, save, status: ranks == 1 ? 9 : 137, environment: ["PROBE_INTERRUPTION": "13 kill"])
        let resumed = try run(folder, ranks: ranks, save + ["--resume", "latest"])
        #expect(resumed.diagnostics.contains("lockstep: resumes \(folder)/checkpoints/step-"), "\(resumed.diagnostics)")
        #expect(try RunRecord(of: folder) == RunRecord(of: home.path("straight")))

        guard ranks > 1 else { return }
        let restarted = home.path("restarted")
        _ = try run(
            restarted, ranks: ranks, save + ["--max-restarts", "1"], environment: ["PROBE_INTERRUPTION": "13 kill"])
        #expect(try RunRecord(of: restarted) == RunRecord(of: home.path("straight")))
    }

    @Test("another number of ranks takes the same samples in the same order, and it is said")
    func resized() throws {
        let home = try TemporaryFolder()
        let plain = ["--plain", "--checkpoint-every", "1000"]
        let (one, two) = (plain + ["--batch-size", "4"], plain + ["--batch-size", "2"])
        _ = try run(home.path("one"), ranks: 1, one)
        let folder = home.path("changing")
        _ = try run(folder, ranks: 2, two, steps: 9)
        let resumed = try run(folder, ranks: 1, two + ["--resume", "latest"], steps: 13)
        // The global batch stays, also where as many ranks as the last time go on.
        _ = try run(folder, ranks: 1, two + ["--resume", "latest"])
        #expect(resumed.diagnostics.contains("2 ranks before and 1 now, with the same order and a global batch of 4"))
        let models = try [folder, home.path("one")].map {
            try Safetensors.load(from: $0 + "/checkpoints/latest/model.safetensors").tensors
        }
        for (name, tensor) in models[0] {
            let other = try #require(models[1][name])
            #expect((tensor - other).abs().max().item(as: Double.self) < 1e-12, "\(name)")
        }
        let refused = try run(home.path("three"), ranks: 3, two + ["--resume", folder], status: 1)
        #expect(refused.diagnostics.contains("the checkpoint's global batch of 4 cannot be divided between 3 ranks"))
    }

    @Test("what is another training is refused with all that differs, unless forced")
    func refusals() throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        _ = try run(folder, ranks: 1, ["--checkpoint-every", "5"], steps: 5)
        let other = ["--resume", folder, "--seed", "3", "--batch-size", "2"]
        let refused = try run(home.path("a"), ranks: 1, other, status: 1)
        for line in ["batch-size: 4 in the checkpoint, 2 now", "seed: 0 in the checkpoint, 3 now", "--force"] {
            #expect(refused.diagnostics.contains(line), "\(refused.diagnostics)")
        }
        let data = try run(
            home.path("data"), ranks: 1, ["--resume", folder], status: 1, environment: ["PROBE_DATA_SEED": "4"])
        #expect(data.diagnostics.contains("the data of loader 1 are others than in"), "\(data.diagnostics)")
        let forced = try run(home.path("b"), ranks: 1, other + ["--force"], steps: 7)
        #expect(forced.diagnostics.contains("resumes with other options than the checkpoint's"))
        let empty = try run(home.path("c"), ranks: 1, ["--resume", home.path("nothing")], status: 1)
        #expect(empty.diagnostics.contains("there is no checkpoint"), "\(empty.diagnostics)")
        let fresh = try run(home.path("d"), ranks: 1, ["--resume", "latest"], steps: 2)
        #expect(fresh.diagnostics.contains("training begins anew"), "\(fresh.diagnostics)")
    }

    @Test("a new run in the folder of another does not mix with its checkpoints")
    func earlierRun() throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        _ = try run(folder, ranks: 1, ["--checkpoint-every", "5"], steps: 10)
        _ = try run(folder, ranks: 1, ["--checkpoint-every", "5", "--resume", checkpoint(folder, 5)], steps: 6)
        #expect(try RunRecord(of: folder).lastStep == 6)
        let resumed = try run(folder, ranks: 1, ["--resume", "latest"], steps: 7)
        #expect(resumed.diagnostics.contains("step-000000006: step 6"), "\(resumed.diagnostics)")
        #expect(FileManager.default.fileExists(atPath: folder + "/checkpoints.1/step-000000010"))
        #expect(FileManager.default.fileExists(atPath: folder + "/metrics.1.jsonl"))
    }

    @Test("a damaged checkpoint is passed over for the one before, and named")
    func damaged() throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        _ = try run(folder, ranks: 1, ["--checkpoint-every", "5"], steps: 10)
        let file = checkpoint(folder, 10) + "/model-2.safetensors"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let resumed = try run(folder, ranks: 1, ["--resume", "latest"], steps: 12)
        #expect(resumed.diagnostics.contains("step 10 is passed over"), "\(resumed.diagnostics)")
        #expect(resumed.diagnostics.contains("step-000000005: step 5"), "\(resumed.diagnostics)")
    }

    @Test(
        "a process that is asked to stop, a rank or the launcher, ends the training after a step that is saved",
        arguments: [1, 2], ["usr1", "term", "usr1-launcher", "term-launcher"])
    func stopped(ranks: Int, interruption: String) throws {
        if ranks == 1, interruption.hasSuffix("launcher") { return }
        let home = try TemporaryFolder()
        let save = ["--checkpoint-every", "1000"]
        let folder = home.path("stopped")
        let stopped = try run(
            folder, ranks: ranks, save, steps: 1_000_000, status: 75,
            environment: ["PROBE_INTERRUPTION": "6 \(interruption)"])
        let last = try #require(try RunRecord(of: folder).lastStep)
        #expect(last >= 6)
        #expect(stopped.diagnostics.contains("step \(last) is saved"), "\(stopped.diagnostics)")
        _ = try run(folder, ranks: ranks, save + ["--resume", "latest"], steps: last + 5)
        _ = try run(home.path("straight"), ranks: ranks, save, steps: last + 5)
        #expect(try RunRecord(of: folder) == RunRecord(of: home.path("straight")))
    }
}
