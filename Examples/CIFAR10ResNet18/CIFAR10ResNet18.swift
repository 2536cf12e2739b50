import Foundation
import Lockstep

/// Trains torchvision's ResNet-18 on CIFAR-10, or a smaller one for small images by a modern recipe.
@main
struct CIFAR10ResNet18: ImageClassifyingProgram {
    static let configuration = CommandConfiguration(
        commandName: "cifar10-resnet18", abstract: "Trains a ResNet-18 on CIFAR-10.")
    static let defaultProcessCount = 4

    @OptionGroup var options: TrainingOptions
    @OptionGroup var prediction: PredictionOptions
    @Option(help: "The recipe: the article's, or a modern one.")
    var preset = Preset.article
    @Option(help: "How often to go through the training samples (default: 10; fast: 16).") var epochs: Int?
    @Option(help: "Samples in a batch of one process (default: 16; fast: 128 of all processes together).")
    var batchSize: Int?
    @Option(help: "The step size of Adam, or the greatest one of fast's SGD (default: 0.001; fast: 0.4).")
    var learningRate: Double?
    @Flag(help: "Trains on the first quarter of the training samples.") var quarter = false

    func train(with accelerator: Accelerator) async throws {
        if preset == .fast { return try await trainFast(with: accelerator) }
        let data = try await CIFAR10(
            in: options.dataDirectory,
            transform: Compose {
                ToTensor(); Self.normalize
            })

        let network = ResNet.resnet18(numClasses: 10)
        let loss = CrossEntropyLoss()
        let (model, optimizer, training, test) = try accelerator.prepare(
            network,
            Adam(network.parameters, learningRate: chosenLearningRate),
            DataLoader(samples(of: data), batchSize: chosenBatchSize, shuffle: true),
            EvaluationLoader(data.test, batchSize: 64))

        for epoch in accelerator.epochs(chosenEpochs) {
            for try await (images, labels) in accelerator.progress(training) {
                optimizer.zeroGrad()
                let value = loss(model(images), labels)
                try accelerator.backward(value)
                try optimizer.step()
                accelerator.log(["loss": value])
            }
            let result = try await accelerator.evaluate(model, on: test, loss: loss)
            report(result, epoch, accelerator)
        }
        let file = try accelerator.save(model, to: "model.safetensors")
        accelerator.print("Saved \(file)")
    }
}
