import Foundation
import Lockstep

extension TrainingProbe {
    private func isGuilty(_ accelerator: Accelerator) -> Bool { accelerator.rank == guilty }

    /// One rank has another model, other data, another epoch, or changes a parameter by itself.
    func differ(_ accelerator: Accelerator) async throws {
        let isGuilty = isGuilty(accelerator)
        let network = Branches(width: name == .modelDiffers && isGuilty ? 5 : 4, usesBoth: name != .unusedParameters)
        let data = name == .dataDiffers && isGuilty ? points().limited(to: count - 1) : points().limited(to: count)
        let (model, optimizer, loader) = try accelerator.prepare(
            network, SGD(network.parameters, learningRate: 0.1), DataLoader(data, batchSize: batchSize))
        if name == .epochDiffers, isGuilty { loader.epoch = 5 }
        for try await (inputs, _) in accelerator.progress(loader) {
            optimizer.zeroGrad()
            try accelerator.backward(model(inputs.to(.float32)).sum())
            try optimizer.step()
        }
        if name == .drift, isGuilty { withoutGradients { network.second.weight += 1 } }
    }

    /// The program forgets to prepare its model or its loader.
    func forget(_ accelerator: Accelerator) async throws {
        let network = Linear(3, 4)
        let optimizer = try accelerator.prepare(SGD(network.parameters, learningRate: 0.1))
        let all = DataLoader(points(), batchSize: batchSize)
        let loader = name == .loaderNotPrepared ? all : try accelerator.prepare(all)
        for try await (inputs, _) in accelerator.progress(loader) {
            try accelerator.backward(network(inputs.to(.float32)).sum())
            try optimizer.step()
        }
    }

    /// One rank ends, stops or goes another way in mid-training, each way that there is.
    func fail(_ accelerator: Accelerator) async throws {
        let network = Wide(sleepsInEvaluation: name == .evaluatesLong && isGuilty(accelerator))
        let (model, optimizer, loader, evaluation) = try accelerator.prepare(
            network, SGD(network.parameters, learningRate: 0.1), DataLoader(points(), batchSize: 2),
            EvaluationLoader(points(), batchSize: count))
        for _ in accelerator.epochs(1000) {
            for try await (inputs, _) in accelerator.progress(loader) {
                optimizer.zeroGrad()
                try accelerator.backward(model(inputs).sum())
                try optimizer.step()
                guard accelerator.step == 3 else { continue }
                if name == .evaluatesLong {
                    _ = try await accelerator.evaluate(
                        model, on: evaluation, Mean { outputs, _ in outputs.mean(dim: 1) })
                }
                guard isGuilty(accelerator) else {
                    if name == .skips { _ = try accelerator.reduce(Tensor([1.0, 2.0])) }
                    continue
                }
                // The others have entered the next collective by then, and wait.
                usleep(500_000)
                switch name {
                case .blocksRecord:
                    // A file where the folder of the records would be.
                    try Data().write(to: URL(fileURLWithPath: accelerator.runFolder.path(of: "flight-recorder")))
                    throw ProbeError(description: "dataset index 5 out of range")
                case .throwsOnOneRank: throw ProbeError(description: "dataset index 5 out of range")
                case .returnsEarly: return
                case .exitsEarly: _exit(0)
                case .callsExit: Foundation.exit(0)
                case .stops: raise(SIGSTOP)
                case .sleeps: sleepTenMinutes()
                case .crashes: kill(getpid(), SIGKILL)
                default: break
                }
            }
        }
    }
}

/// A wide layer, which may take ten minutes where nothing is trained.
final class Wide: Module, Layer {
    let layer = Linear(3, 1000)
    private let sleepsInEvaluation: Bool

    init(sleepsInEvaluation: Bool) {
        self.sleepsInEvaluation = sleepsInEvaluation
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        if sleepsInEvaluation, !isTraining { sleepTenMinutes() }
        return layer(input.to(.float32))
    }
}

/// Two layers side by side, of which one may be left out.
final class Branches: Module, Layer {
    let first: Linear
    let second: Linear
    private let usesBoth: Bool

    init(width: Int, usesBoth: Bool) {
        first = Linear(3, 4)
        second = Linear(3, width)
        self.usesBoth = usesBoth
        super.init()
    }

    func forward(_ input: Tensor) -> Tensor {
        usesBoth ? Tensor.cat([first(input), second(input)], dim: 1) : first(input)
    }
}

/// Work of the program's own that takes long.
private func sleepTenMinutes() { Thread.sleep(forTimeInterval: 600) }
