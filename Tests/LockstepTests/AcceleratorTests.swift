import Foundation
import Lockstep
import LockstepTesting
import Testing

/// Trainings in processes of their own, since an accelerator seeds the process-wide generators.
@Suite("An accelerator")
struct AcceleratorTests {
    @Test("keeps the record of a training inside an existing program")
    func record() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.runDirectory = folder.path("run")
            options.maxSteps = 5
            let losses = try await withAccelerator(options, name: "fit") { try await fit($0, epochs: 1) }
            let lines = try metrics(in: folder)
            try #require(lines.map { $0["step"] as? Int } == [1, 2, 3, 4, 5])
            try #require(lines.map { $0["epoch"] as? Int } == [1, 1, 1, 2, 2])
            try #require(lines.map { $0["rows"] as? Int } == [4, 4, 2, 4, 4])
            try #require(lines.map { $0["rate"] as? Double } == Array(repeating: 0.125, count: 5))
            try #require(lines.map { ($0["loss"] as? Double).map(Float.init) } == losses.map(Optional.init))
        }
    }

    @Test("writes what was logged before an error, and passes the error on")
    func failure() async {
        await #expect(processExitsWith: .success) {
            struct Stop: Error {}
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.runDirectory = folder.path("run")
            await #expect(throws: Stop.self) {
                try await withAccelerator(options) { accelerator in
                    _ = try await fit(accelerator, epochs: 1)
                    throw Stop()
                }
            }
            try #require(try metrics(in: folder).count == 3)
        }
    }

    @Test("seeds everything before the model is built")
    func seeding() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.seed = 11
            options.runDirectory = folder.path("run")
            let drawn = try await withAccelerator(options) { _ in Tensor.randn([8]).array(of: Float.self) }
            let expected = Tensor.randn([8], generator: Generator(seed: 11)).array(of: Float.self)
            try #require(drawn == expected)
        }
    }

    @Test("evaluates any metrics at once, in evaluation mode, and restores the mode")
    func evaluation() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.runDirectory = folder.path("run")
            try await withAccelerator(options) { accelerator in
                // Dropout with probability 1 would leave nothing in training mode.
                let network = Sequential { Dropout(1) }
                let scores: Tensor = [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4], [0.1, 0.9]]
                let data = TensorDataset(scores, Tensor([0, 1, 1, 0, 1]))
                for batchSize in 1...6 {
                    let (model, loader) = try accelerator.prepare(
                        network, EvaluationLoader(data, batchSize: batchSize))
                    let (matrix, top) = try await accelerator.evaluate(
                        model, on: loader, ConfusionMatrix(classes: 2), Accuracy())
                    try #require(matrix?.counts == [[2, 0], [1, 2]])
                    try #require(top?.correct == 4 && top?.count == 5)
                    try #require(model.isTraining)
                    let result = try await accelerator.evaluate(model, on: loader, loss: CrossEntropyLoss())
                    let expected = Double(CrossEntropyLoss()(scores, Tensor([0, 1, 1, 0, 1])))
                    try #require(result.accuracy == 0.8 && abs(result.loss - expected) < 1e-6)
                }
            }
            let lines = try metrics(in: folder)
            try #require(lines.count == 6 && lines.allSatisfy { $0["accuracy"] as? Double == 0.8 })
        }
    }

    @Test("saves weights into the run folder that load again")
    func saving() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.runDirectory = folder.path("run")
            let file = try await withAccelerator(options) { accelerator in
                try accelerator.save(Linear(3, 2, generator: Generator(seed: 4)), to: "weights.safetensors")
            }
            try #require(file == folder.path("run/weights.safetensors"))
            let contents = try Safetensors.load(from: file)
            let expected = Linear(3, 2, generator: Generator(seed: 4)).stateDictionary()
            try #require(Array(contents.tensors.keys) == Array(expected.keys))
            for (name, tensor) in expected {
                try #require(contents.tensors[name].map { tensor.isEqual(to: $0) } == true)
            }
        }
    }

    @Test("loads weights of either kind, from DDP and from a part of a checkpoint")
    func loading() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            var options = TrainingOptions.standard
            options.runDirectory = folder.path("run")
            let state = Linear(3, 2, generator: Generator(seed: 4)).stateDictionary()
            func prefixed(_ prefix: String) -> StateDictionary {
                StateDictionary(uniqueKeysWithValues: state.map { ("\(prefix)\($0)", $1) })
            }
            try Safetensors.save(prefixed("module."), to: folder.path("ddp"))
            try PyTorchFile.save(prefixed("model."), to: folder.path("checkpoint.pt"))
            try await withAccelerator(options) { accelerator in
                try accelerator.save(Linear(3, 2, generator: Generator(seed: 4)), to: folder.path("plain.pth"))
                for (name, part) in [("plain.pth", nil), ("ddp", nil), ("checkpoint.pt", "model")] {
                    let (layer, saved) = (
                        Linear(3, 2, generator: Generator(seed: 5)), Linear(3, 2, generator: Generator(seed: 4))
                    )
                    try accelerator.load(layer, from: folder.path(name), under: part)
                    for (name, tensor) in layer.stateDictionary() {
                        try #require(saved.stateDictionary()[name].map { tensor.isEqual(to: $0) } == true)
                    }
                }
                #expect(throws: StateDictionaryError.self) {
                    try accelerator.load(Linear(3, 2), from: folder.path("checkpoint.pt"))
                }
            }
        }
    }
}

/// Trains a line through ten points in batches of four, and returns the losses.
private func fit(_ accelerator: Accelerator, epochs: Int) async throws -> [Float] {
    let inputs = Tensor.arange(10).to(.float32).reshape(10, 1) / 10
    let network = Linear(1, 1)
    let loss = MSELoss()
    let (model, optimizer, training) = try accelerator.prepare(
        network, SGD(network.parameters, learningRate: 0.125),
        DataLoader(TensorDataset(inputs, inputs * 3), batchSize: 4))
    var losses: [Float] = []
    for _ in accelerator.epochs(epochs) {
        for try await (x, y) in accelerator.progress(training) {
            let value = loss(model(x), y)
            optimizer.zeroGrad()
            try accelerator.backward(value)
            try optimizer.step()
            accelerator.log(["loss": value, "rate": optimizer.learningRates[0], "rows": x.size(0)])
            losses.append(Float(value))
        }
    }
    return losses
}

private func metrics(in folder: TemporaryFolder) throws -> [[String: Any]] {
    try String(contentsOfFile: folder.path("run/metrics.jsonl"), encoding: .utf8).split(separator: "\n").map {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
}
