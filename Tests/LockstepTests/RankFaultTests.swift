import Foundation
import Lockstep
import RankProtocol
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
        Fault(
            "callsExit",
            says: [
                "rank 1", "failed first at ", "the program called exit, in training step 3",
                "before its training had ended",
            ]),
        Fault(
            "skips",
            says: [
                "differs between ranks", "entered all-reduce (sum) of float32 [2], in training step 3",
                "rank 1 entered all-reduce (sum) of float32 [4000], in training step 4 (backward pass)",
            ]),
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

    private static let silences = [
        ("stops", "all-reduce #", "(bucket 0, 16.0 kB float32)", "it is stopped (T), "),
        (
            "sleeps", "all-reduce #", "(bucket 0, 16.0 kB float32)",
            "it is in training step 3 (after the backward pass) for "
        ),
        ("evaluatesLong", "all-reduce #", "(8 B int64)", "it is running evaluate() for "),
    ]

    @Test("names a rank that does not come within the time limit, and what it does", arguments: Self.silences)
    func silence(name: String, collective: String, size: String, doing: String) throws {
        let start = ContinuousClock.now
        let run = try ProgramRun(
            "training-probe", [name, "--guilty", "2", "--nproc", "4", "--collective-timeout", "4"])
        // The limit, what else a rank gets to end, and a busy machine's start.
        #expect(start.duration(to: .now) < .seconds(4 + 2 + 5 + 30))
        #expect(run.status == 1)
        let report = run.diagnostics.split(separator: "\n").suffix(25)
        let line = report.first { $0.contains("waiting: ranks 0, 1, 3; rank 2 last completed #") } ?? ""
        for words in [collective, size, "never entered #", doing] {
            #expect(line.contains(words), "\(run.diagnostics)")
        }
        #expect(report.count { $0.contains("waiting: rank") } == 1, "\(run.diagnostics)")
    }

    @Test(
        "leaves a flight record of each rank, or of what its neighbours saw of it",
        arguments: ["crashes", "stops", "throwsOnOneRank", "exitsEarly", "returnsEarly", "callsExit"])
    func flightRecords(name: String) throws {
        let run = try ProgramRun(
            "training-probe", [name, "--guilty", "2", "--nproc", "4", "--collective-timeout", "4"])
        #expect(run.status != 0)
        let report = try FlightRecordReport(folder: run.folder)
        #expect(report.unreadable == [])
        let survivors = report.records.map(\.rank).filter { $0 != 2 }
        #expect(survivors == [0, 1, 3], "\(run.diagnostics)")
        let text = report.lines.joined(separator: "\n")
        for record in report.records {
            #expect(record.groups.map(\.name) == ["the default group"])
            #expect(record.groups[0].own.collectives.count >= 10)
            #expect(record.groups[0].neighbours.count == 3)
        }
        if name != "returnsEarly" {
            #expect(text.contains("rank 2 last completed #"), "\(text)")
        } else {
            #expect(text.contains("differs: "), "\(text)")
        }
        if name == "crashes" { #expect(text.contains("rank 2 was killed"), "\(text)") }
    }

    @Test("does without a flight record where the folder cannot be written, and says so")
    func unwritableRecord() throws {
        let run = try ProgramRun("training-probe", ["blocksRecord", "--nproc", "2"])
        #expect(run.status == 1)
        #expect(run.diagnostics.contains("flight record is not written"), "\(run.diagnostics)")
        #expect(run.diagnostics.contains("dataset index 5 out of range"), "\(run.diagnostics)")
    }

    @Test("says nothing of its own at a normal end")
    func quietEnd() throws {
        let run = try Self.run("gather", "--nproc", "3")
        #expect(run.status == 0)
        #expect(run.diagnostics == "", "\(run.diagnostics)")
    }

    @Test("shows no log lines of c10d beside the cause, unless they are asked for")
    func quietFailure() throws {
        let arguments = ["crashes", "--guilty", "2", "--nproc", "4"]
        let run = try ProgramRun("training-probe", arguments, environment: ["TORCH_CPP_LOG_LEVEL": nil])
        #expect(!run.diagnostics.contains("ProcessGroupGloo.cpp"), "\(run.diagnostics)")
        #expect(!run.diagnostics.contains("TCPStore.cpp"), "\(run.diagnostics)")
    }
}
