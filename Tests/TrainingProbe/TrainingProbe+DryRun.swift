import Lockstep

extension TrainingProbe {
    /// Trains with a number of its own, which takes part in checkpoints unless `--plain` leaves it out.
    func rehearse(_ accelerator: Accelerator) async throws {
        let network = Linear(3, 2, generator: Generator(seed: 4))
        network.to(.float64)
        let loss = MSELoss()
        let (model, optimizer, loader, test) = try accelerator.prepare(
            network, SGD(network.parameters, learningRate: 0.01),
            DataLoader(points(), batchSize: batchSize, shuffle: true),
            EvaluationLoader(points(), batchSize: batchSize))
        let sum = RunningSum()
        if !isPlain { try accelerator.register(sum, as: "sum") }
        for epoch in accelerator.epochs(3) {
            for try await (inputs, targets) in accelerator.progress(loader) {
                optimizer.zeroGrad()
                let value = loss(model(inputs), targets) * (1 + sum.value)
                try accelerator.backward(value)
                try optimizer.step()
                sum.add(1)
                accelerator.log(["loss": value])
            }
            let counted = try await accelerator.evaluate(
                model, on: test, Mean { outputs, _ in outputs[.all, 0] * 0 + 1 })
            accelerator.print("epoch \(epoch): \(counted ?? 0)")
        }
        accelerator.print("saved \(try accelerator.save(model, to: "/nowhere/that/can/be/model.safetensors"))")
    }
}
