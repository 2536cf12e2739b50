import Foundation
import Lockstep

extension CIFAR10ResNet18 {
    static let normalize = Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])

    var chosenEpochs: Int { epochs ?? preset.epochs }
    var chosenBatchSize: Int { batchSize ?? preset.batchSize }
    var chosenLearningRate: Double { learningRate ?? preset.learningRate }

    /// Puts what the recipe chooses among the options, where config.json has it from.
    mutating func validate() throws {
        if preset == .fast, batchSize == nil, options.globalBatchSize == nil {
            // Whatever the number of processes, so that the learning rate suits it.
            options.globalBatchSize = preset.batchSize
        }
        (epochs, batchSize, learningRate) = (chosenEpochs, chosenBatchSize, chosenLearningRate)
    }

    func samples(of data: CIFAR10) -> ImageDataset {
        data.train.limited(to: quarter ? data.train.count / 4 : data.train.count)
    }

    func report(_ result: Evaluation, _ epoch: Int, _ accelerator: Accelerator) {
        accelerator.print(
            String(
                format: "Epoch %d, test accuracy: %.2f%% (%d of %d), loss: %.4f", epoch, 100 * result.accuracy,
                result.correct, result.count, result.loss))
    }

    /// The network of the recipe that gave the weights, which their shapes tell.
    func classifier(for weights: StateDictionary) -> ImageClassifier {
        let stem = weights["conv1.weight"]?.shape ?? []
        let isFast = stem.count == 4 && stem[3] == 3
        return ImageClassifier(
            isFast ? Self.fastNetwork() : ResNet.resnet18(numClasses: 10),
            format: ImageFormat(channels: 3, height: 32, width: 32),
            classNames: CIFAR10.description.classNames,
            transform: Compose {
                ToTensor(); isFast ? Self.fastNormalize : Self.normalize
            })
    }
}
