import Foundation
import Lockstep
import LockstepTesting
import Testing

/// Numbers that go wrong in one batch of a training, and what was chosen to follow.
@Suite("Numbers that go wrong")
struct AnomalyTests {
    private static let steps = 20

    /// Runs the probe in a folder, with something wrong in a batch.
    private func run(
        _ folder: String, ranks: Int, _ kind: String, in batch: Int = 7, _ arguments: [String] = [], status: Int32 = 0
    ) throws -> ProgramRun {
        let run = try RunningProgram(
            "training-probe",
            ["anomaly", "--max-steps", "\(Self.steps)", "--batch-size", "\(4 / ranks)", "--run-directory", folder]
                + arguments + (ranks > 1 ? ["--nproc", "\(ranks)"] : []),
            environment: ["PROBE_ANOMALY": kind, "PROBE_ANOMALY_BATCH": "\(batch)"]
        ).finished()
        #expect(run.status == status, "\(run.diagnostics)")
        return run
    }

    /// The steps that have a loss in `metrics.jsonl`, in order.
    private func lossSteps(_ record: RunRecord) -> [Int] {
        record.metrics.filter { $0.contains("\"loss\":") }.compactMap {
            $0.firstMatch(of: /"step":([0-9]+)/).flatMap { Int($0.1) }
        }
    }

    @Test(
        "a loss that is no number ends the training, with rank, step and what of the model is at fault",
        arguments: [1, 2])
    func stops(ranks: Int) throws {
        let home = try TemporaryFolder()
        let stopped = try run(home.path("run"), ranks: ranks, "loss", status: 1)
        for words in [
            "\(ranks > 1 ? "on rank 1 " : "")the loss is nan in step 7 (epoch 1, batch 6): the parameters are "
                + "finite, up to ", " in size; first.weight (24 of 24 elements)", "are not finite",
            "--on-anomaly skip",
        ] {
            #expect(stopped.diagnostics.contains(words), "\(stopped.diagnostics)")
        }
    }

    @Test("gradients that are no numbers are found with the parameters that they have ruined", arguments: [1, 2])
    func gradients(ranks: Int) throws {
        let home = try TemporaryFolder()
        let late = try run(home.path("late"), ranks: ranks, "gradient", status: 1)
        let words =
            "the loss is nan in step 8 (epoch 2, batch 0): second.weight (16 of 16 elements) is not finite among the "
        #expect(late.diagnostics.contains(words + "parameters, so a step before"), "\(late.diagnostics)")
        let last = try run(home.path("last"), ranks: ranks, "gradient", in: 20, status: 1)
        let end = "after the last step second.weight (16 of 16 elements) is not finite among the parameters"
        #expect(last.diagnostics.contains(end), "\(last.diagnostics)")
        let limited = try run(
            home.path("limited"), ranks: ranks, "gradient", ["--gradient-norm-limit", "1e9"], status: 1)
        #expect(limited.diagnostics.contains("the norm of the gradients is nan in step 7"), "\(limited.diagnostics)")
    }

    @Test("gradients above the limit are named with their norm and the limit", arguments: [1, 2])
    func explosion(ranks: Int) throws {
        let home = try TemporaryFolder()
        let limit = ["--gradient-norm-limit", "1000"]
        let stopped = try run(home.path("run"), ranks: ranks, "large", limit, status: 1)
        #expect(
            stopped.diagnostics.contains(
                /the norm of the gradients is [0-9.e+]+, above the limit of 1000.0, in step 7/),
            "\(stopped.diagnostics)")
    }

    @Test(
        "a step that is left out leaves nothing behind: every bit is as without its batch", arguments: [1, 2],
        ["loss", "gradient", "large"])
    func skips(ranks: Int, kind: String) throws {
        let home = try TemporaryFolder()
        let options = ["--on-anomaly", "skip", "--gradient-norm-limit", "1000", "--checkpoint-every", "1000"]
        let skipped = try run(home.path("skipped"), ranks: ranks, kind, options)
        #expect(skipped.diagnostics.contains("step 7 is left out: "), "\(skipped.diagnostics)")
        #expect(skipped.diagnostics.contains("; 1 step left out"), "\(skipped.diagnostics)")
        _ = try run(home.path("omitted"), ranks: ranks, "omitted", options)
        let record = try RunRecord(of: home.path("skipped"))
        #expect(try record == RunRecord(of: home.path("omitted")))
        #expect(lossSteps(record) == Array(1...Self.steps))
    }

    @Test(
        "a training goes back to its newest checkpoint and goes on with other batches, one point a step",
        arguments: [1, 2], ["loss", "gradient"])
    func goesBack(ranks: Int, kind: String) throws {
        let home = try TemporaryFolder()
        let options = ["--on-anomaly", "roll-back", "--checkpoint-every", "2", "--keep-checkpoints", "100"]
        let folder = home.path("back")
        let run = try run(folder, ranks: ranks, kind, options)
        #expect(
            run.diagnostics.contains(
                /The training goes back from step [78] to step 6, with the batches that come next/),
            "\(run.diagnostics)")
        #expect(run.diagnostics.contains("; went back to a checkpoint 1 time"), "\(run.diagnostics)")
        let record = try RunRecord(of: folder)
        #expect(lossSteps(record) == Array(1...Self.steps))
        for (name, tensor) in try Safetensors.load(from: folder + "/checkpoints/latest/model.safetensors").tensors {
            #expect(Bool(tensor.isfinite().all()), "\(name)")
        }
        guard ranks == 1, kind == "loss" else { return }
        _ = try self.run(home.path("omitted"), ranks: ranks, "omitted", ["--checkpoint-every", "2"])
        #expect(try record == RunRecord(of: home.path("omitted")))
    }

    @Test("ranks that drift apart are found at the next comparison, and go back together")
    func drift() throws {
        let home = try TemporaryFolder()
        let compare = ["--compare-ranks-every", "5", "--checkpoint-every", "5"]
        let words = "after step 10 second.weight has different values: one on rank 0, one on rank 1"
        for response in ["stop", "skip"] {
            let stopped = try run(
                home.path(response), ranks: 2, "drift", compare + ["--on-anomaly", response], status: 1)
            #expect(stopped.diagnostics.contains(words), "\(stopped.diagnostics)")
        }
        let mended = try run(home.path("back"), ranks: 2, "drift", compare + ["--on-anomaly", "roll-back"])
        #expect(mended.diagnostics.contains("The training goes back from step 10 to step 5"), "\(mended.diagnostics)")
    }

    @Test("what does not end is given up", arguments: [1, 2])
    func endless(ranks: Int) throws {
        let home = try TemporaryFolder()
        let skipped = try run(
            home.path("skip"), ranks: ranks, "endless loss", ["--on-anomaly", "skip"], status: 1)
        #expect(skipped.diagnostics.contains("20 steps in a row were left out before"), "\(skipped.diagnostics)")
        let back = ["--on-anomaly", "roll-back"]
        let returned = try run(
            home.path("back"), ranks: ranks, "endless loss", back + ["--checkpoint-every", "2"], status: 1)
        #expect(
            returned.diagnostics.contains("The training has gone back to step 6 3 times before"),
            "\(returned.diagnostics)")
        let without = try run(home.path("none"), ranks: ranks, "loss", back, status: 1)
        #expect(
            without.diagnostics.contains("There is nothing to go back to without --checkpoint-every"),
            "\(without.diagnostics)")
        let early = try run(
            home.path("early"), ranks: ranks, "loss", back + ["--checkpoint-every", "1000"], status: 1)
        #expect(early.diagnostics.contains("There is no checkpoint yet to go back to"), "\(early.diagnostics)")
    }
}
