import Foundation
import Lockstep
import LockstepTesting
import Testing

/// The first program, started as its users start it.
@Suite("fashion-mnist", .enabled(if: SeedProgram.fashion.hasData, "the data set is not on this machine"))
struct FashionMNISTTests {
    private func run(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun("fashion-mnist", arguments)
    }

    @Test("the losses of 100 steps are PyTorch's, and the report is the article's", arguments: KernelSelection.allCases)
    func training(kernels: KernelSelection) throws {
        let run = try run("--seed", "123", "--max-steps", "100", "--kernels", kernels.rawValue)
        #expect(run.status == 0, "\(run.diagnostics)")
        let metrics = try run.metrics()
        let steps = metrics.filter { $0.loss != nil }
        let expected = try ProgramFixtures.expected(.fashion)
        #expect(steps.map(\.step) == Array(1...100))
        for (line, wanted) in zip(steps, expected.losses) {
            #expect(abs(try #require(line.loss) - wanted) <= 1e-5 * abs(wanted) + 1e-6, "step \(line.step)")
        }
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })

        let evaluation = try #require(metrics.last)
        let wanted = try #require(expected.evaluation)
        #expect(abs(try #require(evaluation.accuracy) * 10000 - Double(wanted.correct)) <= 2)
        #expect(abs(try #require(evaluation.evaluationLoss) - wanted.meanLoss) <= 1e-5)

        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines[0] == "Epoch 1")
        switch kernels {
        case .libtorch: #expect(lines[2] == String(format: "loss: %7f  [   32/60000]", expected.losses[0]))
        case .auto:
            // Sums in another order may round to another last digit.
            let loss = try #require(lines[2].wholeMatch(of: /loss: (\d\.\d{6})  \[   32\/60000\]/)?.output.1)
            #expect(abs(try #require(Double(loss)) - expected.losses[0]) < 2e-6)
        }
        #expect(lines[3].wholeMatch(of: /Accuracy: \d+\.\d%, Avg loss: +\d+\.\d{6}/) != nil)
        #expect(run.diagnostics.contains("60000 samples, 1875 steps an epoch, global batch 32 = 1 rank × 32"))
        #expect(lines[4] == "Saved \(run.path(of: "model.safetensors"))")
    }

    @Test("the saved weights give the reported evaluation again")
    func savedWeights() async throws {
        let run = try run("--limit", "640", "--epochs", "2")
        #expect(run.status == 0, "\(run.diagnostics)")
        let network = SeedProgram.fashion.model(Generator(seed: 1))
        try network.load(Safetensors.load(from: run.path(of: "model.safetensors")).tensors)
        var loss = Total(of: Mean { CrossEntropyLoss().perSample($0, $1) })
        let test = try await FashionMNIST(in: DatasetLocation()).test
        for try await (images, labels) in EvaluationLoader(test, batchSize: 32).limited(to: 640) {
            loss.add(outputs: withoutGradients { network(images) }, targets: labels)
        }
        let reported = try #require(try run.metrics().last?.evaluationLoss)
        #expect(abs(try #require(loss.value) - reported) < 1e-9)
    }

    @Test("steps and epochs are counted over limited samples")
    func limits() throws {
        let byEpochs = try run("--limit", "100", "--batch-size", "32", "--epochs", "3")
        let lines = try byEpochs.metrics()
        #expect(lines.filter { $0.loss != nil }.map(\.step) == Array(1...12))
        #expect(lines.filter { $0.loss != nil }.map(\.epoch) == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3])
        #expect(lines.filter { $0.accuracy != nil }.map(\.step) == [4, 8, 12])
        let times = byEpochs.diagnostics.matches(
            of: /trained 12 batches in \d+\.\d\d s, \d+\.\d % of it waiting for data/)
        #expect(times.count == 1, "\(byEpochs.diagnostics)")

        let bySteps = try run("--limit", "100", "--epochs", "1", "--max-steps", "6")
        #expect(try bySteps.metrics().filter { $0.loss != nil }.map(\.step) == Array(1...6))
        #expect(try bySteps.metrics().filter { $0.accuracy != nil }.map(\.step) == [4, 6])

        let none = try run("--limit", "100", "--max-steps", "0")
        #expect(none.status == 0)
        #expect(try none.metrics().isEmpty)
    }

    @Test("the same seed gives the same losses, another seed others, each epoch another order")
    func seeds() throws {
        let losses = try ["7", "7", "8"].map { seed in
            try run("--seed", seed, "--limit", "64", "--epochs", "2", "--threads", "1").metrics().compactMap(\.loss)
        }
        #expect(losses[0] == losses[1])
        #expect(losses[0] != losses[2])
    }

    @Test("--no-shuffle takes the samples in the order of the files")
    func order() async throws {
        let run = try run("--seed", "5", "--no-shuffle", "--max-steps", "1")
        let network = SeedProgram.fashion.model(Generator(seed: 5))
        let first = try await FashionMNIST(in: DatasetLocation()).train
        let (images, labels) = try first.batch(at: BatchIndices(0..<32))
        let expected = Double(CrossEntropyLoss()(network(images), labels))
        #expect(abs(try #require(try run.metrics().first?.loss) - expected) <= 1e-5 * expected)
    }

    @Test("the configuration records every option and what it ran on")
    func configuration() throws {
        let run = try run("--limit", "32", "--epochs", "1", "--learning-rate", "0.05", "--threads", "1")
        let configuration = try run.configuration()
        let expected: NSDictionary = [
            "program": "fashion-mnist", "seed": 0, "nproc": NSNull(), "nnodes": NSNull(),
            "node-rank": NSNull(), "rendezvous": NSNull(), "rendezvous-timeout": 300, "interface": NSNull(),
            "port-range": NSNull(), "max-restarts": 0, "saving-grace": 120, "log-directory": NSNull(),
            "share-gpu": false, "backend": "auto", "precision": "float32", "on-anomaly": "stop",
            "gradient-norm-limit": NSNull(), "compare-ranks-every": 1000,
            "kernels": "auto", "instruction-set": InstructionSet.current.rawValue, "global-batch-size": NSNull(),
            "collective-timeout": 1800, "find-unused-parameters": false, "device": "cpu", "threads": 1,
            "max-steps": NSNull(), "limit": 32, "checkpoint-every": NSNull(), "keep-checkpoints": 2,
            "keep-best": NSNull(), "resume": NSNull(), "force": false, "on-checkpoint-failure": "warn",
            "shuffle": true, "data-directory": NSNull(), "run-directory": run.folder, "synthetic-fallback": false,
            "epochs": 1, "batch-size": 32, "learning-rate": 0.05, "world-size": 1, "libtorch": LibTorch.version,
            "convolution-table": "built-in", "convolution-table-checksum": ConvolutionTable.checksum,
        ]
        #expect(configuration == expected)
    }

    @Test(
        "what cannot be meant is refused with a reason",
        arguments: [
            (["--device", "tpu"], "expected cpu, cuda or cuda:N"), (["--threads", "0"], "at least one thread"),
            (["--limit", "0"], "at least one sample"), (["--max-steps=-1"], "is not negative"),
            (["--epoch", "3"], "Did you mean '--epochs'"),
        ])
    func refusals(_ arguments: [String], _ reason: String) throws {
        let run = try ProgramRun("fashion-mnist", arguments)
        #expect(run.status != 0)
        #expect(run.diagnostics.contains(reason), "\(run.diagnostics)")
        #expect(!FileManager.default.fileExists(atPath: run.folder))
    }

    @Test("a GPU that is not there is refused with the remedy", .enabled(if: LibTorch.cudaDeviceCount == 0))
    func missingDevice() throws {
        let run = try run("--device", "cuda:1")
        #expect(run.status != 0)
        #expect(run.diagnostics.contains("sees 0 CUDA devices") && run.diagnostics.contains("--device cpu"))
    }

    @Test("a damaged data set is named, with what was expected")
    func damagedData() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path("fashion-mnist"), withIntermediateDirectories: true)
        for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
            let file = folder.path("fashion-mnist/\(name)-ubyte")
            try Data(repeating: 1, count: 1000).write(to: URL(fileURLWithPath: file))
        }
        let file = folder.path("fashion-mnist/train-images-idx3-ubyte")
        let run = try run("--data-directory", folder.path)
        #expect(run.status != 0)
        #expect(run.diagnostics.contains(file), "\(run.diagnostics)")
    }

    @Test("without any data the synthetic set stands in where that is allowed, and only there")
    func syntheticFallback() throws {
        let folder = try TemporaryFolder()
        // Every mirror is out of reach, as on a machine without a network.
        let environment: [String: String?] = [
            "XDG_CACHE_HOME": folder.path("cache"), "LOCKSTEP_DATA": nil, "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        ]
        let refused = try ProgramRun(
            "fashion-mnist", ["--max-steps", "1"], environment: environment, directory: folder.path)
        #expect(refused.status != 0)
        #expect(refused.diagnostics.contains("train-images-idx3-ubyte.gz"))
        #expect(refused.diagnostics.contains("--data-directory"))

        let trained = try ProgramRun(
            "fashion-mnist", ["--epochs", "1", "--synthetic-fallback"], environment: environment,
            directory: folder.path)
        #expect(trained.status == 0, "\(trained.diagnostics)")
        #expect(trained.diagnostics.contains("synthetic"))
        #expect(try #require(try trained.metrics().last?.accuracy) > 0.5)
    }
}
