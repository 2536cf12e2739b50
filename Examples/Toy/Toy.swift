import Lockstep

/// Points in the plane and the class of each.
struct ToyDataset: Dataset {
    let features: Tensor
    let labels: Tensor

    var count: Int { labels.count }

    func batch(at samples: BatchIndices) -> (Tensor, Tensor) {
        (features[samples], labels[samples])
    }
}

/// Separates two clouds of points: a data set of one's own, and a line for every batch.
@main
struct Toy: TrainingProgram {
    static let configuration = CommandConfiguration(
        commandName: "toy", abstract: "Trains a small network on a handful of points.")

    @OptionGroup var options: TrainingOptions
    @Option(help: "How often to go through the training samples.") var epochs = 3
    @Option(help: "Samples in a batch of one process.") var batchSize = 2
    @Option(help: "The step size of SGD.") var learningRate = 0.5
    @Option(help: "Repeats the training samples, for timing.") var `repeat` = 1

    func train(with accelerator: Accelerator) async throws {
        accelerator.print("LibTorch version: \(LibTorch.version)")
        accelerator.print("CUDA available: \(LibTorch.cudaDeviceCount > 0)")
        accelerator.print("Number of GPUs available: \(LibTorch.cudaDeviceCount)")

        let train = ToyDataset(
            features: Tensor([[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]]).repeat([`repeat`, 1]),
            labels: Tensor([0, 0, 0, 1, 1]).repeat([`repeat`]))
        let test = ToyDataset(features: [[-0.8, 2.8], [2.6, -1.6]], labels: [0, 1])

        let network = Sequential {
            Linear(2, 30); ReLU()
            Linear(30, 20); ReLU()
            Linear(20, 2)
        }
        let loss = CrossEntropyLoss()
        let (model, optimizer, training, trainEvaluation, testEvaluation) = try accelerator.prepare(
            network,
            SGD(network.parameters, learningRate: learningRate),
            DataLoader(train, batchSize: batchSize, shuffle: true, dropLast: true),
            EvaluationLoader(train, batchSize: batchSize),
            EvaluationLoader(test, batchSize: batchSize))

        for epoch in accelerator.epochs(epochs) {
            for try await (features, labels) in accelerator.progress(training) {
                let value = loss(model(features), labels)
                optimizer.zeroGrad()
                try accelerator.backward(value)
                try optimizer.step()
                accelerator.log(["loss": value])
                accelerator.print(
                    "[rank \(accelerator.rank)] Epoch: \(epoch, digits: 3)/\(epochs, digits: 3) | Batchsize "
                        + "\(labels.count, digits: 3) | Train/Val Loss: \(value, decimals: 2)")
            }
        }
        let trained = try await accelerator.evaluate(model, on: trainEvaluation, loss: loss)
        let tested = try await accelerator.evaluate(model, on: testEvaluation, loss: loss)
        accelerator.print("Training accuracy \(trained.accuracy)")
        accelerator.print("Test accuracy \(tested.accuracy)")
    }
}
