import Foundation
import Lockstep

/// Trains torchvision's ResNet-18 on CIFAR-10.
@main
struct CIFAR10ResNet18: TrainingProgram {
    static let configuration = CommandConfiguration(
        commandName: "cifar10-resnet18", abstract: "Trains a ResNet-18 on CIFAR-10.")

    @OptionGroup var options: TrainingOptions
    @Option(help: "How often to go through the training samples.") var epochs = 10
    @Option(help: "Samples in a batch of one process.") var batchSize = 16
    @Option(help: "The step size of Adam.") var learningRate = 1e-3
    @Flag(help: "Trains on the first quarter of the training samples.") var quarter = false

    func train(with accelerator: Accelerator) async throws {
        let data = try await CIFAR10(
            in: options.dataDirectory,
            transform: Compose {
                ToTensor(); Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
            })
        let samples = data.train.limited(to: quarter ? data.train.count / 4 : data.train.count)

        let network = ResNet.resnet18(numClasses: 10)
        let loss = CrossEntropyLoss()
        let (model, optimizer, training, test) = try accelerator.prepare(
            network,
            Adam(network.parameters, learningRate: learningRate),
            DataLoader(samples, batchSize: batchSize, shuffle: true),
            EvaluationLoader(data.test, batchSize: 64))

        for epoch in accelerator.epochs(epochs) {
            for try await (images, labels) in accelerator.progress(training) {
                optimizer.zeroGrad()
                let value = loss(model(images), labels)
                try accelerator.backward(value)
                try optimizer.step()
                accelerator.log(["loss": value])
            }
            let result = try await accelerator.evaluate(model, on: test, loss: loss)
            accelerator.print(
                String(
                    format: "Epoch %d, test accuracy: %.2f%% (%d of %d), loss: %.4f", epoch, 100 * result.accuracy,
                    result.correct, result.count, result.loss))
        }
        let file = try accelerator.save(model, to: "model.safetensors")
        accelerator.print("Saved \(file)")
    }
}
