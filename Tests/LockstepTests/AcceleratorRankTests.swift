import Foundation
import Lockstep
import Testing

/// What an accelerator does on several ranks, in programs that print the outcome.
@Suite("An accelerator on several ranks")
struct AcceleratorRankTests {
    private func numbers(_ arguments: String...) throws -> [Double] {
        let run = try ProgramRun("training-probe", arguments)
        try #require(run.status == 0, "\(run.diagnostics)")
        return run.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }

    // 28 samples in windows of 12, 12 and 4: ranks × accumulated batches × batch size, the last ones uneven.
    @Test(
        "accumulates batches and ranks to what one batch gives",
        arguments: [(1, 4, 3), (2, 2, 3), (4, 1, 3), (2, 1, 6), (1, 2, 6), (4, 3, 1), (2, 6, 1)])
    func accumulation(ranks: Int, batches: Int, batchSize: Int) throws {
        let expected = try numbers("accumulate", "--batch-size", "12")
        let found = try numbers(
            "accumulate", "--nproc", "\(ranks)", "--accumulate", "\(batches)", "--batch-size", "\(batchSize)")
        #expect(expected.count == 8 && found.count == 8)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-12 })
    }

    @Test("gives the loop's numbers in a step as a closure", arguments: [1, 2])
    func stepForm(ranks: Int) throws {
        let loop = try numbers("batches", "--nproc", "\(ranks)", "--threads", "1")
        let steps = try numbers("stepForm", "--nproc", "\(ranks)", "--threads", "1")
        #expect(loop == steps && loop.count == 2 * 28 / (4 * ranks) + (ranks == 2 ? 1 : 0))
    }

    @Test("has learning rates that do not depend on the number of ranks", arguments: [1, 2, 4])
    func schedule(ranks: Int) throws {
        let rates = try numbers("schedule", "--nproc", "\(ranks)", "--global-batch-size", "8")
        #expect(rates == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125])
    }

    @Test("divides the global batch", arguments: [1, 2, 4])
    func globalBatch(ranks: Int) throws {
        let run = try ProgramRun("training-probe", ["batches", "--nproc", "\(ranks)", "--global-batch-size", "8"])
        let unit = ranks == 1 ? "rank" : "ranks"
        #expect(
            run.diagnostics.contains("28 samples, 4 steps an epoch, global batch 8 = \(ranks) \(unit) × \(8 / ranks)"),
            "\(run.diagnostics)")
    }

    @Test("gathers rows of different numbers, scalars, and means")
    func gather() throws {
        #expect(try numbers("gather", "--nproc", "3") == [1, 1, 2, 2, 2, 2, 0, 10, 20, 1])
    }

    @Test(
        "evaluates each sample once, whatever the ranks and batches",
        arguments: [0, 1, 2, 3, 7, 28, 29, 67], [1, 2, 3, 4])
    func evaluation(count: Int, ranks: Int) throws {
        let batchSize = [1, 3, 8][(count + ranks) % 3]
        let values = try numbers(
            "evaluate", "--count", "\(count)", "--nproc", "\(ranks)", "--batch-size", "\(batchSize)")
        // As the probe makes them: every third sample is right, with scores (2 or -1, place / 50).
        let scores = (0..<count).map { (Float($0 % 3 == 0 ? 2 : -1), Float(Double($0) / 50)) }
        let correct = scores.filter { $0.0 >= $0.1 }.count
        let loss = scores.reduce(0) { $0 + log(1 + exp(Double($1.1 - $1.0))) } / Double(count)
        #expect(values[0] == Double(correct) && values[1] == Double(count))
        #expect(count == 0 ? values[3].isNaN : abs(values[3] - loss) <= 1e-6 * loss)
    }

    @Test("has the same buffers on all ranks after an evaluation and a save", arguments: 2...4)
    func buffers(ranks: Int) throws {
        let run = try ProgramRun("training-probe", ["buffers", "--nproc", "\(ranks)", "--count", "48"])
        #expect(run.status == 0, "\(run.diagnostics)")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines == ["trained: different", "evaluated: equal", "trained: different", "saved: equal"])
    }

    @Test("counts each sample once with a loader that was not prepared, too")
    func unpreparedEvaluation() throws {
        let prepared = try numbers("evaluate", "--nproc", "3")
        #expect(try numbers("evaluationNotPrepared", "--nproc", "3") == prepared && prepared[1] == 28)
    }
}
