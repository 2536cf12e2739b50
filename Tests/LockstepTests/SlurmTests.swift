import Foundation
import LockstepTesting
import Testing

/// Programs that a real Slurm starts, each on a cluster of its own, which `Scripts/slurm-on-loopback` makes.
@Suite(
    "A program under Slurm", .serialized, .enabled(if: ClusterPeer.slurm.isExpected, ClusterPeer.slurm.absence))
struct SlurmTests {
    /// Starts a cluster for the command that follows.
    private static let cluster = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/slurm-on-loopback").path

    @Test("is a rank for each of srun's tasks")
    func srun() throws {
        try expectTwoRanks([Self.cluster, "srun", "-n", "2"])
    }

    @Test("is a rank for each of srun's tasks on several nodes")
    func severalNodes() throws {
        // The nodes' names are not names of hosts here.
        try expectTwoRanks(
            [Self.cluster, "--nodes", "2", "srun", "-N", "2", "-n", "2"], environment: ["MASTER_ADDR": "127.0.0.1"])
    }

    @Test("is a process alone in the body of a batch script, whatever number of tasks the job has")
    func batch() throws {
        let submit = """
            sbatch --quiet --wait -n 2 -o log --wrap "$*"
            status=$?
            cat log >&2
            exit $status
            """
        let folder = try TemporaryFolder()
        let run = try ProgramRun(
            "toy", ["--max-steps", "5"], directory: folder.path, launcher: [Self.cluster, "bash", "-c", submit, "bash"])
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.diagnostics.contains("global batch 2 = 1 rank × 2"), "\(run.diagnostics)")
    }

    @Test(
        "says which rank failed first and of what, and gives srun its status",
        arguments: [
            (["throwsOnOneRank"], 1, "rank 1 failed: dataset index 5 out of range"),
            (["crashes"], 137, "rank 1 has ended, after collective"),
            (["gather", "--nproc", "2"], 2, "--nproc 2 is given to a process that Slurm has started as rank"),
        ] as [([String], Int32, String)])
    func failure(_ arguments: [String], _ status: Int32, _ words: String) throws {
        // With labels srun keeps the ranks' lines apart.
        let run = try ProgramRun(
            "training-probe", arguments, launcher: [Self.cluster, "srun", "--label", "-n", "3"])
        #expect(run.status == status, "\(run.diagnostics)")
        #expect(run.diagnostics.contains(words), "\(run.diagnostics)")
    }

    @Test(
        "ends without a process left, and without a word of ranks that miss each other, when the job is cancelled",
        arguments: [("srun", [], "CANCELLED"), ("exec", ["--nproc", "2"], "stopped by SIGTERM (15)")])
    func cancelled(_ start: String, _ arguments: [String], _ words: String) throws {
        let cancel = """
            count=0
            retry() { sleep 0.1; test $((count += 1)) -lt 600; }
            job=$(sbatch --parsable -n 2 -o log --wrap "\(start) $*")
            until grep -qs loss "${!#}/metrics.jsonl"; do retry || break; done
            scancel "$job"
            while grep -lqszFx "SLURM_JOB_ID=$job" /proc/[0-9]*/environ; do retry || break; done
            cat log >&2
            test $count -lt 600
            """
        let folder = try TemporaryFolder()
        let run = try ProgramRun(
            "toy", ["--max-steps", "100000000"] + arguments, directory: folder.path,
            launcher: [Self.cluster, "bash", "-c", cancel, "bash"])
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(try !run.metrics().isEmpty)
        let lines = run.diagnostics.split(separator: "\n")
        #expect(lines.contains { $0.contains(words) }, "\(run.diagnostics)")
        #expect(!run.diagnostics.contains("Error"), "\(run.diagnostics)")
        #expect(lines.filter { $0.contains("stopped") }.count == (start == "exec" ? 1 : 0), "\(run.diagnostics)")
    }
}
