import Foundation
import Lockstep
import LockstepTesting
import Testing

/// A training that is tried before it is done.
@Suite("A dry run")
struct DryRunTests {
    private func run(
        in folder: String, ranks: Int, _ arguments: [String], status: Int32 = 0
    ) throws -> ProgramRun {
        let run = try ProgramRun.inFolder(
            folder, "training-probe",
            ["dryRun", "--batch-size", "2", "--dry-run"] + arguments + (ranks > 1 ? ["--nproc", "\(ranks)"] : []))
        #expect(run.status == status, "\(run.diagnostics)")
        return run
    }

    @Test("takes a training through all of its parts, and leaves nothing behind", arguments: [1, 2])
    func passes(ranks: Int) throws {
        let home = try TemporaryFolder()
        let run = try run(in: home.path, ranks: ranks, [])
        for words in [
            "dry run: evaluated one batch", "dry run: 2 steps done and saved; a checkpoint takes ",
            "dry run: step 2, done again from the checkpoint of step 1, has the same bits",
        ] {
            #expect(run.diagnostics.contains(words), "\(run.diagnostics)")
        }
        // What is done again prints nothing, and a file's place is in the folder of the dry run.
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == "epoch 1: 1.0", "\(run.output)")
        #expect(lines.last?.contains("/first/model.safetensors") == true, "\(run.output)")
        let left = try FileManager.default.contentsOfDirectory(atPath: home.path("runs"))
        #expect(left.isEmpty, "\(left)")
    }

    @Test("names what a checkpoint lacks", arguments: [1, 2])
    func incomplete(ranks: Int) throws {
        let home = try TemporaryFolder()
        let run = try run(in: home.path, ranks: ranks, ["--plain"], status: 1)
        #expect(
            run.diagnostics.contains(
                "step 2, done again from the checkpoint of step 1, has other results: weight of model, bias of model differ. "
                    + "Something that the training depends on is in none of its checkpoints"), "\(run.diagnostics)")
    }

    @Test("goes on from a checkpoint, and leaves the run as it is", arguments: [1, 2])
    func resumes(ranks: Int) throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        let own = ["--run-directory", folder]
        let trained = try ProgramRun.inFolder(
            home.path, "training-probe",
            ["dryRun", "--batch-size", "2", "--checkpoint-every", "5", "--max-steps", "5"] + own)
        // Its last line saves where nothing can be.
        #expect(trained.status != 0 && trained.diagnostics.contains("/nowhere/that/can/be"), "\(trained.diagnostics)")
        let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        let run = try run(in: home.path, ranks: ranks, own + ["--resume", "latest"])
        #expect(
            run.diagnostics.contains("step 7, done again from the checkpoint of step 6, has the same bits"),
            "\(run.diagnostics)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["run"])
    }
}
