import Foundation
import Testing
import Torch

/// What `--explain-step` says.
@Suite("The explanation of a step")
struct ExplainStepTests {
    private func diagnostics(_ arguments: [String]) throws -> String {
        let run = try ProgramRun("toy", arguments + ["--explain-step", "--epochs", "2"])
        #expect(run.status == 0, "\(run.diagnostics)")
        return run.diagnostics
    }

    private func count(_ words: String, in text: String) -> Int { text.components(separatedBy: words).count - 1 }

    @Test("says once that the layers are one operation, and that no engine was needed", arguments: [1, 2])
    func direct(ranks: Int) throws {
        let text = try diagnostics(["--nproc", "\(ranks)"])
        let layers = "0: Linear(2, 30), 1: ReLU(), 2: Linear(30, 20), 3: ReLU(), 4: Linear(20, 2): one operation"
        #expect(count(layers, in: text) == 1, "\(text)")
        #expect(count("backward pass: direct, without an engine", in: text) == 1, "\(text)")
        #expect(count("averaged over 2 ranks at once after the backward pass (shm)", in: text) == ranks - 1, "\(text)")
        #expect(count("in the same way on all 2 ranks", in: text) == ranks - 1, "\(text)")
        #expect(count("kernels: those of Lockstep for", in: text) == (InstructionSet.current == .none ? 0 : 1))
        #expect(count("kernels: LibTorch's alone", in: try diagnostics(["--kernels", "libtorch"])) == 1)
    }

    @Test("says why a step needs LibTorch's engine")
    func engine() throws {
        let text = try diagnostics(["--nproc", "2", "--find-unused-parameters"])
        #expect(text.contains("backward pass: LibTorch's engine, since a parameter has a hook"), "\(text)")
        #expect(text.contains("in buckets during the backward pass (shm), since parameters without a gradient are"))
        let gloo = try diagnostics(["--nproc", "2", "--backend", "gloo"])
        #expect(
            gloo.contains("in buckets during the backward pass (gloo), since ranks of other programs may take part"))
    }

    @Test("is silent where nobody asks")
    func silent() throws {
        let run = try ProgramRun("toy", ["--epochs", "1"])
        #expect(!run.diagnostics.contains("how a step is computed"))
    }
}
