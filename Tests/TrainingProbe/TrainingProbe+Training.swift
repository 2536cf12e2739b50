import Foundation
import Lockstep

extension TrainingProbe {
    /// Fits a plane in one epoch, and reports the parameters, the losses or the learning rates.
    func trainLine(_ accelerator: Accelerator) async throws {
        let network = Linear(3, 2, generator: Generator(seed: 4))
        network.to(.float64)
        let loss = MSELoss()
        let (model, optimizer, loader) = try accelerator.prepare(
            network, SGD(network.parameters, learningRate: 0.1, momentum: 0.9),
            DataLoader(points(), batchSize: batchSize, shuffle: true))
        let scheduler = Scheduler(optimizer, StepDecay(every: 2, gamma: 0.5))
        let step = accelerator.step(model, optimizer) { inputs, targets in loss(model(inputs), targets) }
        var losses: [Double] = []
        var rates: [Double] = []
        for _ in accelerator.epochs(2) {
            for try await (inputs, targets) in accelerator.progress(loader) {
                if name == .stepForm {
                    losses.append(Double(try step(inputs, targets)))
                } else {
                    try accelerator.accumulate(over: accumulate) {
                        let value = loss(model(inputs), targets)
                        try accelerator.backward(value)
                        losses.append(Double(value))
                    } step: {
                        rates += optimizer.learningRates
                        try optimizer.step()
                        optimizer.zeroGrad()
                        if name == .schedule { scheduler.step() }
                    }
                }
            }
        }
        switch name {
        case .accumulate: report(accelerator, model.parameters.flatMap { $0.tensor.array(of: Double.self) })
        case .schedule: report(accelerator, rates)
        default: report(accelerator, losses)
        }
    }

    /// Evaluates on `count` samples of which the model gets every third right.
    func evaluate(_ accelerator: Accelerator) async throws {
        let right = Tensor(copying: (0..<count).map { $0 % 3 == 0 ? 2.0 : -1.0 })
        let places = Tensor(copying: (0..<count).map { Double($0) / 50 })
        let scores = Tensor.stack([right, places], dim: 1).to(.float32)
        let data = TensorDataset(scores, Tensor.zeros([count], dtype: .int64))
        let whole = EvaluationLoader(data, batchSize: batchSize)
        let (model, share) = try accelerator.prepare(Scale(), whole)
        let loader = name == .evaluate ? share : whole
        let result = try await accelerator.evaluate(model, on: loader, loss: CrossEntropyLoss())
        accelerator.print("\(result.correct) \(result.count) \(result.accuracy) \(result.loss)")
    }

    /// Gathers r rows of each rank r, and a number of each.
    func gather(_ accelerator: Accelerator) throws {
        let rank = accelerator.rank
        let rows = try accelerator.gather(Tensor.full([rank, 2], Double(rank), dtype: .float64))
        let numbers = try accelerator.gather(Tensor(10 * rank))
        let mean = try accelerator.reduce(Tensor(Double(rank), dtype: .float64))
        report(accelerator, rows.array(of: Double.self))
        report(accelerator, numbers.array(of: Int.self).map(Double.init))
        report(accelerator, [mean.item()])
    }

    /// Says after training steps, an evaluation and a save whether the running statistics are the same on all ranks.
    func buffers(_ accelerator: Accelerator) async throws {
        let images = Tensor.randn([count, 2, 3, 3], generator: Generator(seed: 3))
        let data = TensorDataset(images, Tensor.zeros([count], dtype: .int64))
        let network = Sequential {
            BatchNorm2d(2); Flatten(); Linear(18, 2)
        }
        let (model, optimizer, loader, evaluation) = try accelerator.prepare(
            network, SGD(network.parameters, learningRate: 0.1), DataLoader(data, batchSize: batchSize),
            EvaluationLoader(data, batchSize: batchSize))
        let step = accelerator.step(model, optimizer) { CrossEntropyLoss()(model($0), $1) }
        func say(_ when: String) throws {
            let own = Tensor.cat(model.buffers.map { $0.tensor.to(.float64).flatten() }, dim: 0)
            let all = try accelerator.gather(own.unsqueeze(dim: 0))
            let isEqual = (0..<all.size(0)).allSatisfy { all[$0].isEqual(to: all[0]) }
            accelerator.print("\(when): \(isEqual ? "equal" : "different")")
        }
        for _ in accelerator.epochs(2) {
            for try await (images, labels) in accelerator.progress(loader) { _ = try step(images, labels) }
            try say("trained")
            if accelerator.epoch == 1 {
                _ = try await accelerator.evaluate(model, on: evaluation, loss: CrossEntropyLoss())
                try say("evaluated")
            } else {
                try accelerator.save(model, to: "weights.safetensors")
                try say("saved")
            }
        }
    }

    func onMain(_ accelerator: Accelerator) throws {
        let answer = try accelerator.onMainProcess {
            if name == .slowMain {
                Thread.sleep(forTimeInterval: 6)
            } else {
                _ = try accelerator.reduce(Tensor([1.0]))
            }
            return accelerator.rank
        }
        guard answer == (accelerator.isMainProcess ? 0 : nil) else {
            throw ProbeError(description: "onMainProcess gave \(String(describing: answer))")
        }
        report(accelerator, try accelerator.gather(Tensor(accelerator.rank)).array(of: Double.self))
    }
}

/// Scores multiplied by a trained number, so that there is something to keep equal.
final class Scale: Module, Layer {
    @Parameter var factor: Tensor

    override init() {
        factor = .ones([1])
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor { input * factor }
}
