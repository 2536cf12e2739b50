import Lockstep

extension CIFAR10ResNet18 {
    /// The channels of the first stage.
    ///
    /// Without the strides of the standard stem each image costs 16 times as much; half as many channels take three quarters
    /// of that back.
    static let fastWidth = 32

    /// Mean and standard deviation of the training images.
    static let fastNormalize = Normalize(mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616])

    func trainFast(with accelerator: Accelerator) async throws {
        let data = try await CIFAR10(
            in: options.dataDirectory,
            transform: Compose {
                RandomCrop(32, padding: 4); RandomHorizontalFlip(); ToTensor(); Self.fastNormalize
            },
            testTransform: Compose {
                ToTensor(); Self.fastNormalize
            })
        let network = ResNet.resnet18(numClasses: 10, stem: .small, width: Self.fastWidth)
        let loss = CrossEntropyLoss(labelSmoothing: 0.1)
        let (model, optimizer, training, test) = try accelerator.prepare(
            network,
            SGD(
                ParameterGroup.sparingNormsAndBiases(network.parameters), learningRate: chosenLearningRate,
                momentum: 0.9, weightDecay: 5e-4, nesterov: true),
            DataLoader(samples(of: data), batchSize: chosenBatchSize, shuffle: true),
            EvaluationLoader(data.test, batchSize: 64))

        // All epochs are one cycle, wherever --max-steps ends the training.
        let steps = max(1, chosenEpochs * training.batchCount)
        let schedule = Scheduler(optimizer, OneCycle(steps: steps, rise: 0.25, momenta: nil))
        let average = ExponentialMovingAverage(of: model, decay: 0.998)
        try accelerator.register(schedule, as: "schedule")
        try accelerator.register(average, as: "average")

        for epoch in accelerator.epochs(chosenEpochs) {
            for try await (images, labels) in accelerator.progress(training) {
                optimizer.zeroGrad()
                let value = loss(model(images), labels)
                try accelerator.backward(value)
                try optimizer.step()
                schedule.step()
                try average.update()
                accelerator.log(["loss": value])
            }
            let result = try await average.withAveragedWeights {
                try await accelerator.evaluate(model, on: test, loss: CrossEntropyLoss())
            }
            report(result, epoch, accelerator)
        }
        let file = try average.withAveragedWeights { try accelerator.save(model, to: "model.safetensors") }
        accelerator.print("Saved \(file)")
    }
}
