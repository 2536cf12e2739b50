import Foundation
import Lockstep
import Testing

/// What goes wrong between ranks: the job ends, and its last lines name the rank and the cause.
@Suite("A job on several ranks")
struct RankFaultTests {
    private static func run(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun("training-probe", arguments)
    }

    /// A case of the probe, and what its last lines must say.
    struct Fault: CustomTestStringConvertible, Sendable {
        let arguments: [String]
        let status: Int32
        let words: [String]
        var testDescription: String { arguments[0] }

        init(_ arguments: String..., status: Int32 = 1, says words: [String]) {
            self.arguments = arguments
            self.status = status
            self.words = words
        }
    }

    static let faults = [
        Fault(
            "collectiveOnMain",
            says: [
                "rank 0", "failed first at ", ": all-reduce called inside onMainProcess at training_probe/",
                "ranks 1, 2",
            ]),
        Fault(
            "epochDiffers",
            says: ["the epoch differs between ranks", "epoch 0", "on ranks 0, 2", "epoch 5", "on rank 1"]),
        Fault("modelDiffers", says: ["rank 0 has parameter second.weight float32 [4, 3]", "rank 1", "[5, 3]"]),
        Fault("dataDiffers", says: ["the data of loader 1 differs", "28 samples", "27 samples", "on rank 1"]),
        Fault(
            "drift",
            says: ["second.weight has different values: one on ranks 0, 2, one on rank 1; 1 of 4 tensors differ"]),
        Fault(
            "throwsOnOneRank",
            says: ["rank 1", "failed first at ", ": dataset index 5 out of range", "ranks 0, 2 were stopped"]),
        Fault(
            "throwsOnOneRank", "--guilty", "0",
            says: ["rank 0", "dataset index 5 out of range", "ranks 1, 2 were stopped"]),
        Fault("returnsEarly", says: ["differs between ranks", "entered all-reduce (sum)", "rank 1 entered barrier"]),
        Fault("exitsEarly", says: ["rank 1", "ended before the others, without an error"]),
        Fault("crashes", status: 137, says: ["rank 1", "was killed by SIGKILL (9)", "ranks 0, 2 were stopped"]),
        Fault(
            "unusedParameters",
            says: [
                "2 of 4 parameters got no gradient",
                "second.weight got no gradient on ranks: 0, 1, 2; used on ranks: none",
            ]),
        Fault("loaderNotPrepared", says: ["the loader was not prepared", "accelerator.prepare"]),
        Fault("modelNotPrepared", says: ["no model was prepared", "accelerator.prepare"]),
        Fault("batches", "--global-batch-size", "32", says: ["--global-batch-size 32 cannot be divided", "30 and 33"]),
    ]

    @Test("that cannot go on ends with the cause last, and leaves no process", arguments: Self.faults)
    func ends(_ fault: Fault) throws {
        let start = ContinuousClock.now
        let run = try ProgramRun("training-probe", fault.arguments + ["--nproc", "3"])
        #expect(start.duration(to: .now) < .seconds(300))  // a collective's own time limit is 30 minutes
        #expect(run.status == fault.status, "\(run.diagnostics)")
        let report = run.diagnostics.split(separator: "\n").suffix(25).joined(separator: "\n")
        for words in fault.words { #expect(report.contains(words), "\(run.diagnostics)") }
    }

    @Test("trains with unused parameters where that is allowed")
    func unusedParameters() throws {
        let run = try Self.run("unusedParameters", "--find-unused-parameters", "--nproc", "3")
        #expect(run.status == 0, "\(run.diagnostics)")
    }

    @Test("waits for slow work of the main process longer than a collective may take")
    func slowMain() throws {
        let run = try Self.run("slowMain", "--collective-timeout", "4", "--nproc", "3")
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(run.output == "0.0 1.0 2.0\n")
    }
}
