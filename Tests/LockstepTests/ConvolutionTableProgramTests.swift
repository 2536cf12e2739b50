import Foundation
import LockstepTesting
import Testing
import Torch

/// A training program that is told by a table how to compute its convolutions.
@Suite("--convolution-table")
struct ConvolutionTableProgramTests {
    private func train(_ table: String) throws -> ProgramRun {
        let run = try ProgramRun(
            "cifar10-resnet18",
            [
                "--nproc", "1", "--convolution-table", table, "--threads", "1", "--batch-size", "4", "--limit", "8",
                "--max-steps", "2",
                "--synthetic-fallback",
            ])
        #expect(run.status == 0, "\(run.diagnostics)")
        return run
    }

    @Test(
        "a table from lockstep tune is used and recorded; the same one gives the same bits, another one may not",
        .enabled(if: InstructionSet.current != .none))
    func tuned() throws {
        let folder = try TemporaryFolder()
        let file = folder.path("tuned.txt")
        let tuned = try RunningProgram(
            "lockstep", ["tune", "--batch-sizes", "4", "--threads", "1", "--rounds", "1", "--output", file]
        ).finished()
        #expect(tuned.status == 0, "\(tuned.diagnostics)")
        let text = try String(contentsOfFile: file, encoding: .utf8)

        let runs = try [train(file), train(file)]
        let losses = try runs.map { try $0.metrics().compactMap(\.loss) }
        #expect(losses[0].count == 2 && losses[0] == losses[1])
        var checksums: Set<String> = []
        for run in runs {
            let configuration = try run.configuration()
            #expect(configuration["convolution-table"] as? String == file)
            checksums.insert(try #require(configuration["convolution-table-checksum"] as? String))
        }
        #expect(checksums.count == 1)

        var others: Set<[Double]> = []
        for algorithm in ["libtorch", "columns", "taps"] {
            let other = folder.path("\(algorithm).txt")
            try text.replacing(/(libtorch|columns|taps)\n/, with: "\(algorithm)\n")
                .write(toFile: other, atomically: true, encoding: .utf8)
            let run = try train(other)
            others.insert(try run.metrics().compactMap(\.loss))
            checksums.insert(try #require(run.configuration()["convolution-table-checksum"] as? String))
        }
        #expect(others.count == 3, "\(others)")
        #expect(checksums.count >= 3)
    }

    @Test("a table that cannot be read, or has a line that is no entry, ends the program before it trains")
    func refused() throws {
        let folder = try TemporaryFolder()
        let malformed = folder.path("malformed.txt")
        try "avx2 float32 fast\n".write(toFile: malformed, atomically: true, encoding: .utf8)
        for (table, reason) in [
            (folder.path("nowhere.txt"), "nowhere.txt cannot be read"),
            (malformed, "malformed.txt, line 1: 12 numbers are expected"),
        ] {
            let run = try ProgramRun("toy", ["--convolution-table", table])
            #expect(run.status != 0)
            #expect(run.diagnostics.contains(reason), "\(run.diagnostics)")
            #expect(!FileManager.default.fileExists(atPath: run.folder))
        }
    }
}
