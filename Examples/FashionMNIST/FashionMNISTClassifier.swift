import Foundation
import Lockstep

/// Classifies the clothes of Fashion-MNIST with two hidden layers.
@main
struct FashionMNISTClassifier: ImageClassifyingProgram {
    static let configuration = CommandConfiguration(
        commandName: "fashion-mnist", abstract: "Trains a classifier on Fashion-MNIST.")

    @OptionGroup var options: TrainingOptions
    @OptionGroup var prediction: PredictionOptions
    @Option(help: "How often to go through the training samples.") var epochs = 5
    @Option(help: "Samples in a batch of one process.") var batchSize = 32
    @Option(help: "The step size of SGD.") var learningRate = 1e-2

    static func network() -> Sequential {
        Sequential {
            Flatten()
            Linear(28 * 28, 512); ReLU()
            Linear(512, 512); ReLU()
            Linear(512, 10)
        }
    }

    func train(with accelerator: Accelerator) async throws {
        let data = try await FashionMNIST(in: options.dataDirectory)
        let network = Self.network()
        let loss = CrossEntropyLoss()
        let (model, optimizer, training, test) = try accelerator.prepare(
            network,
            SGD(network.parameters, learningRate: learningRate),
            DataLoader(data.train, batchSize: batchSize, shuffle: true),
            EvaluationLoader(data.test, batchSize: batchSize))

        for epoch in accelerator.epochs(epochs) {
            accelerator.print("Epoch \(epoch)\n-------------------------------")
            for try await (images, labels) in accelerator.progress(training) {
                let value = loss(model(images), labels)
                optimizer.zeroGrad()
                try accelerator.backward(value)
                try optimizer.step()
                accelerator.log(["loss": value])

                if accelerator.batch % 100 == 0 {
                    let seen = (accelerator.batch + 1) * labels.count
                    accelerator.print(
                        String(format: "loss: %7f  [%5d/%5d]", Double(value), seen, training.sampleCount))
                }
            }
            let result = try await accelerator.evaluate(model, on: test, loss: loss)
            accelerator.print(
                String(format: "Accuracy: %.1f%%, Avg loss: %8f\n", 100 * result.accuracy, result.loss))
        }
        let file = try accelerator.save(model, to: "model.safetensors")
        accelerator.print("Saved \(file)")
    }

    func classifier(for weights: StateDictionary) -> ImageClassifier {
        ImageClassifier(
            Self.network(), format: ImageFormat(channels: 1, height: 28, width: 28),
            classNames: FashionMNIST.description.classNames)
    }
}
