import Foundation
import Lockstep
import LockstepTesting
import Testing

/// The five programs as their users start them, on several ranks.
@Suite("The programs on several ranks")
struct ProgramRankTests {
    /// Each small program: its name, and how to train it for some steps.
    private static let small: [(SeedProgram, String)] = [
        (.fashion, "fashion-mnist"), (.toy, "toy"), (.template, "template"),
    ].filter { $0.0.hasData }

    @Test("the losses of 100 steps are those of PyTorch's ranks", arguments: small, 2...4)
    func losses(_ program: (SeedProgram, String), worldSize: Int) throws {
        let run = try ProgramRun(
            program.1, ["--nproc", "\(worldSize)", "--seed", "123", "--max-steps", "100"])
        #expect(run.status == 0, "\(run.diagnostics)")
        let losses = try run.metrics().compactMap(\.loss)
        let expected = try DistributedFixtures.expected(program.0, world: worldSize).ranks[0].losses
        #expect(losses.count == 100)
        for (step, (found, wanted)) in zip(losses, expected).enumerated() {
            #expect(abs(found - wanted) <= 1e-5 * abs(wanted) + 1e-6, "step \(step)")
        }
    }

    @Test(
        "mnist-two-machines reports the mean loss of PyTorch's ranks",
        .enabled(if: SeedProgram.mnist.hasData, "the data set is not on this machine"), arguments: 1...4)
    func twoMachines(worldSize: Int) throws {
        let folder = try TemporaryFolder()
        let runs = try (0..<worldSize).map { rank in
            try RunningProgram(
                "mnist-two-machines",
                ["--seed", "123", "--epochs", "1", "--max-steps", "100"]
                    + (worldSize == 1
                        ? []
                        : [
                            "--init-method", "file://\(folder.path("store"))", "--rank", "\(rank)", "--world-size",
                            "\(worldSize)",
                        ]))
        }
        let finished = try runs.map { try $0.finished() }
        #expect(finished.allSatisfy { $0.status == 0 }, "\(finished.map(\.diagnostics))")
        #expect(finished.dropFirst().allSatisfy { $0.output.isEmpty })
        let losses =
            worldSize == 1
            ? try ProgramFixtures.expected(.mnist).losses
            : try DistributedFixtures.expected(.mnist, world: worldSize).ranks.flatMap(\.losses)
        let expected = losses.reduce(0, +) / Double(losses.count)
        let match = try #require(finished[0].output.wholeMatch(of: /Epoch: 1, Train Loss: ([0-9.]+)\n/))
        #expect(abs(try #require(Double(match.1)) - expected) <= 1e-5 * expected)
    }

    @Test(
        "mnist-two-machines meets over TCP, with 0.0.0.0 on the first machine",
        .enabled(if: SeedProgram.mnist.hasData, "the data set is not on this machine"))
    func overTCP() throws {
        let port = try freePort()
        let runs = try ["0.0.0.0", "127.0.0.1"].enumerated().map { rank, host in
            try RunningProgram(
                "mnist-two-machines",
                [
                    "--epochs", "1", "--max-steps", "5", "--init-method", "tcp://\(host):\(port)", "--rank", "\(rank)",
                    "--world-size", "2",
                ])
        }
        let finished = try runs.map { try $0.finished() }
        // The first program that wants the data set on a machine unpacks it, and says so.
        let complaints = finished.flatMap { $0.diagnostics.split(separator: "\n") }.filter { !$0.contains("unpacking") }
        #expect(finished.allSatisfy { $0.status == 0 } && complaints.isEmpty, "\(finished.map(\.diagnostics))")
    }

    // The end of every training compares the ranks' parameters and buffers; `drift` in RankFaultTests shows that it can fail.
    @Test("parameters are bit-equal after 50 steps", arguments: small, 2...4)
    func equalParameters(_ program: (SeedProgram, String), worldSize: Int) throws {
        let run = try ProgramRun(program.1, ["--nproc", "\(worldSize)", "--max-steps", "50", "--limit", "3200"])
        #expect(run.status == 0, "\(run.diagnostics)")
        #expect(try run.metrics().filter { $0.loss != nil }.count == 50)
    }

    @Test(
        "ResNet-18 is bit-equal with its buffers after 50 steps, and its evaluation is the saved file's",
        .enabled(if: SeedProgram.cifar.hasData, "the data set is not on this machine"), arguments: 2...4)
    func residualNetwork(worldSize: Int) async throws {
        let run = try ProgramRun(
            "cifar10-resnet18",
            ["--nproc", "\(worldSize)", "--max-steps", "50", "--batch-size", "4", "--limit", "\(200 * worldSize)"])
        #expect(run.status == 0, "\(run.diagnostics)")
        let reported = try #require(try run.metrics().last)

        let network = ResNet.resnet18(numClasses: 10)
        try network.load(Safetensors.load(from: run.path(of: "model.safetensors")).tensors)
        network.eval()
        let normalize = Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
        let test = try await CIFAR10(
            in: DatasetLocation(),
            transform: Compose {
                ToTensor(); normalize
            }
        ).test
        var loss = Total(of: Mean { CrossEntropyLoss().perSample($0, $1) })
        for try await (images, labels) in EvaluationLoader(test, batchSize: 64).limited(to: 200 * worldSize) {
            loss.add(outputs: withoutGradients { network(images) }, targets: labels)
        }
        #expect(abs(try #require(loss.value) - (try #require(reported.evaluationLoss))) <= 1e-6)
    }

    @Test("toy prints its lines once, and its accuracy over each sample once", arguments: [1, 2, 4])
    func toyOutput(worldSize: Int) throws {
        let run = try ProgramRun("toy", ["--nproc", "\(worldSize)", "--seed", "123"])
        #expect(run.status == 0, "\(run.diagnostics)")
        let lines = run.output.split(separator: "\n").map(String.init)
        let steps = lines.filter { $0.contains("| Batchsize 002 | Train/Val Loss: ") }
        #expect(steps.count == (worldSize == 1 ? 6 : 3))
        #expect(lines.first == "LibTorch version: \(LibTorch.version)")
        #expect(lines.suffix(2) == ["Training accuracy 1.0", "Test accuracy 1.0"])
    }

    @Test("template saves for PyTorch and as safetensors", arguments: [1, 2])
    func templateFiles(worldSize: Int) throws {
        let run = try ProgramRun("template", ["--nproc", "\(worldSize)", "--epochs", "2", "--repeat", "3"])
        #expect(run.status == 0, "\(run.diagnostics)")
        let state = try Safetensors.load(from: run.path(of: "model.safetensors")).tensors
        #expect(Array(state.keys) == ["fc.weight", "fc.bias"])
        #expect(run.diagnostics.contains("300 samples, "))
        guard PyTorchPython.executable != nil else { return }
        let script = """
            import sys, torch
            state = torch.load(sys.argv[1], weights_only=True)
            print([(name, list(tensor.shape)) for name, tensor in state.items()], state["fc.bias"].item())
            """
        let seen = try PyTorchPython.run(script, arguments: [run.path(of: "model.pth")])
        let bias: Float = try #require(state["fc.bias"]).item()
        #expect(seen.hasPrefix("[('fc.weight', [1, 10]), ('fc.bias', [1])] "))
        #expect(try #require(Double(seen.split(separator: " ").last?.dropLast() ?? "")) == Double(bias))
    }

    @Test("a program ends at once, without what libraries want to free at its end", arguments: 1...2)
    func end(ranks: Int) throws {
        let run = try ProgramRun("training-probe", ["leavesHandler", "--nproc", "\(ranks)"])
        #expect(
            run.status == 0 && !(run.output + run.diagnostics).contains("torn down"), "\(run.output)\(run.diagnostics)")
        let wrong = try ProgramRun("training-probe", ["nothing"])
        #expect(wrong.status == 64 && wrong.diagnostics.contains("nothing"), "\(wrong.diagnostics)")
        let help = try ProgramRun("training-probe", ["--help"])
        #expect(help.status == 0 && help.output.contains("--nproc"), "\(help.output)")
    }
}
