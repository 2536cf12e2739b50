import Foundation
import Lockstep
import LockstepTesting
import Testing

/// The program `cifar10-resnet18` by either of its recipes.
@Suite("The recipes of cifar10-resnet18")
struct RecipeTests {
    private func run(
        _ folder: String, ranks: Int = 1, _ arguments: [String], status: Int32 = 0
    ) throws -> ProgramRun {
        let run = try RunningProgram(
            "cifar10-resnet18",
            ["--nproc", "\(ranks)", "--threads", "1", "--synthetic-fallback", "--run-directory", folder] + arguments
        ).finished()
        #expect(run.status == status, "\(run.diagnostics)")
        return run
    }

    @Test(
        "fast goes on from a checkpoint bit for bit, with its schedule and the average of its weights",
        arguments: [1, 2])
    func resumes(ranks: Int) throws {
        let home = try TemporaryFolder()
        let options = [
            "--preset", "fast", "--limit", "40", "--batch-size", "\(8 / ranks)", "--epochs", "2", "--max-steps", "8",
        ]
        let straight = home.path("straight")
        _ = try run(straight, ranks: ranks, options + ["--checkpoint-every", "1", "--keep-checkpoints", "100"])
        let whole = try RunRecord(of: straight)
        let parts = ["model", "optimizer", "schedule", "average", "generators"]
        #expect(Set(whole.tensors.keys) == Set(parts.map { "\($0).safetensors" }))
        let count = { (name: String) in whole.metrics.count { $0.contains("\"\(name)\":") } }
        #expect((count("loss"), count("accuracy"), count("seconds")) == (8, 2, 0))
        for step in [2, 5, 7] {
            let folder = home.path("from-\(step)")
            let resume = ["--resume", "\(straight)/checkpoints/step-00000000\(step)", "--checkpoint-every", "1000"]
            _ = try run(folder, ranks: ranks, options + resume)
            #expect(try RunRecord(of: folder).isEnd(of: whole, lines: 8 - step), "step \(step)")
        }
        // Another number of epochs would be another cycle.
        let other = options.dropLast(4) + ["--epochs", "3", "--max-steps", "8"]
        let refused = try run(
            home.path("other"), ranks: ranks, other + ["--resume", "\(straight)/checkpoints/step-000000005"], status: 1)
        #expect(
            refused.diagnostics.contains("the learning rates of `schedule` follow another schedule than in"),
            "\(refused.diagnostics)")
        // A run that was cut short goes on in its own folder.
        let folder = home.path("cut")
        let short = options.dropLast(2) + ["--checkpoint-every", "1000"]
        _ = try run(folder, ranks: ranks, short + ["--max-steps", "3"])
        _ = try run(folder, ranks: ranks, short + ["--max-steps", "8", "--resume", "latest"])
        #expect(try RunRecord(of: folder).tensors == whole.tensors)
    }

    @Test("fast saves and evaluates the averaged weights, and trains the others")
    func average() throws {
        let home = try TemporaryFolder()
        let folder = home.path("run")
        let run = try run(
            folder,
            [
                "--preset", "fast", "--limit", "24", "--batch-size", "8", "--max-steps", "3", "--checkpoint-every",
                "1000",
            ])
        #expect(run.output.contains("Epoch 1, test accuracy: "), "\(run.output)")
        let saved = try Safetensors.load(from: folder + "/model.safetensors").tensors
        let average = try Weights.load(from: folder + "/checkpoints/latest/average.safetensors", under: "average")
            .tensors
        let trained = try Safetensors.load(from: folder + "/checkpoints/latest/model.safetensors").tensors
        #expect(Array(saved.keys) == Array(average.keys))
        for (name, tensor) in saved {
            try #expect(tensor.to(.float32).bits == #require(average[name]).to(.float32).bits, "\(name)")
        }
        let weight = try #require(saved["fc.weight"])
        #expect(try weight.bits != #require(trained["fc.weight"]).bits)
        #expect(saved["conv1.weight"]?.shape == [32, 3, 3, 3])
    }

    @Test(
        "each recipe has its own numbers where none are given, and config.json has them",
        arguments: [
            ("article", [], ["epochs": 10, "batch-size": 16, "learning-rate": 1e-3]),
            ("fast", [], ["epochs": 16, "batch-size": 128, "global-batch-size": 128, "learning-rate": 0.4]),
            (
                "fast", ["--epochs", "3", "--batch-size", "4", "--learning-rate", "0.5"],
                ["epochs": 3, "batch-size": 4, "learning-rate": 0.5]
            ),
        ])
    func defaults(preset: String, options: [String], expected: [String: Double]) throws {
        let home = try TemporaryFolder()
        let arguments = (preset == "article" ? [] : ["--preset", preset]) + options
        _ = try run(home.path("run"), arguments + ["--limit", "4", "--max-steps", "0"])
        let data = try Data(contentsOf: URL(fileURLWithPath: home.path("run/config.json")))
        let configuration = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for name in ["epochs", "batch-size", "global-batch-size", "learning-rate"] {
            #expect((configuration[name] as? NSNumber)?.doubleValue == expected[name], "\(name)")
        }
    }

    @Test("the program's own number of processes holds where there are the cores for it")
    func processes() {
        #expect(ProcessCount(default: 4, cores: 4) == .exactly(4))
        #expect(ProcessCount(default: 4, cores: 64) == .exactly(4))
        #expect(ProcessCount(default: 4, cores: 3) == nil)
        #expect(ProcessCount(default: 1, cores: 8) == nil)
    }
}
