import Foundation
import Lockstep

extension TrainingProbe {
    /// Trains a small network, in whose batch number `PROBE_ANOMALY_BATCH` something goes wrong on the guilty rank.
    ///
    /// The number counts the batches of the process from 1, whatever was left out, so that it goes wrong once.
    func trainWithAnomaly(_ accelerator: Accelerator) async throws {
        let environment = ProcessInfo.processInfo.environment
        let kind = environment["PROBE_ANOMALY"] ?? ""
        let first = environment["PROBE_ANOMALY_BATCH"].flatMap { Int($0) } ?? .max
        let last = kind.hasPrefix("endless") ? Int.max : first
        let network = Watched(Generator(seed: 4))
        let loss = MSELoss()
        let optimizer = SGD(network.parameters, learningRate: 0.01, momentum: 0.9)
        let (model, sgd, scheduler, loader) = try accelerator.prepare(
            network, optimizer, Scheduler(optimizer, StepDecay(every: 3, gamma: 0.9)),
            DataLoader(points(), batchSize: batchSize, shuffle: true))
        var seen = 0
        for _ in accelerator.epochs(1000) {
            for try await (inputs, targets) in accelerator.progress(loader) {
                seen += 1
                let isNow = (first...last).contains(seen)
                if isNow, kind == "omitted" { continue }
                let isWrong = isNow && accelerator.rank == min(guilty, accelerator.worldSize - 1)
                var (inputs, targets) = (inputs.to(.float32), targets.to(.float32))
                if isWrong, kind.hasSuffix("loss") { inputs = inputs * Float.nan }
                if isWrong, kind == "large" { targets = targets * 1e6 }
                sgd.zeroGrad()
                var value = loss(model(inputs), targets)
                // Finite, with a gradient of 0 · ∞.
                if isWrong, kind == "gradient" { value = value + (network.second.weight * 0).sum().sqrt() }
                try accelerator.backward(value)
                try sgd.step()
                scheduler.step()
                accelerator.log(["loss": value])
                if isWrong, kind == "drift" { withoutGradients { network.second.weight += 1 } }
            }
        }
    }
}

/// Layers with running statistics between two linear ones.
private final class Watched: Module, Layer {
    let first: Linear
    let norm = BatchNorm2d(8)
    let second: Linear

    init(_ generator: Generator) {
        first = Linear(3, 8, generator: generator)
        second = Linear(8, 2, generator: generator)
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        second(norm(first(input).reshape(-1, 8, 1, 1)).reshape(-1, 8).relu())
    }
}
