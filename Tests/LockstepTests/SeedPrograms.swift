import Foundation
import Lockstep
import LockstepTesting
import Testing

/// The five programs that Lockstep must cover, each as its parts: model, loss, optimizer and data.
enum SeedProgram: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case fashion, mnist, cifar, toy, template

    static let small: [SeedProgram] = [.fashion, .mnist, .toy, .template]

    var testDescription: String { rawValue }

    /// The model with its start values, drawn from a generator.
    func model(_ generator: Generator) -> any Layer<Tensor, Tensor> {
        switch self {
        case .fashion:
            Sequential {
                Flatten()
                Linear(784, 512, generator: generator); ReLU()
                Linear(512, 512, generator: generator); ReLU()
                Linear(512, 10, generator: generator)
            }
        case .mnist:
            Sequential {
                Flatten()
                Linear(784, 256, generator: generator); ReLU()
                Linear(256, 10, generator: generator)
                LogSoftmax(dim: 1)
            }
        case .cifar: ResNet.resnet18(numClasses: 10, generator: generator)
        case .toy:
            Sequential {
                Linear(2, 30, generator: generator); ReLU()
                Linear(30, 20, generator: generator); ReLU()
                Linear(20, 2, generator: generator)
            }
        case .template: Linear(10, 1, generator: generator)
        }
    }

    var loss: any Loss {
        switch self {
        case .fashion, .cifar, .toy: CrossEntropyLoss()
        case .mnist: NLLLoss()
        case .template: MSELoss()
        }
    }

    func optimizer(_ parameters: [NamedParameter]) -> any Optimizer {
        switch self {
        case .fashion, .mnist: SGD(parameters, learningRate: 1e-2)
        case .cifar: Adam(parameters, learningRate: 1e-3)
        case .toy: SGD(parameters, learningRate: 0.5)
        case .template: SGD(parameters, learningRate: 1e-3)
        }
    }

    /// The training samples; those of `template` are drawn from the generator after the model.
    func samples(_ generator: Generator) async throws -> any Dataset<(Tensor, Tensor)> {
        switch self {
        case .fashion: return try await FashionMNIST(in: DatasetLocation()).train
        case .mnist:
            return try await MNIST(
                in: DatasetLocation(),
                transform: Compose {
                    ToTensor(); Normalize(mean: [0.1307], std: [0.3081])
                }
            ).train
        case .cifar:
            return try await CIFAR10(
                in: DatasetLocation(),
                transform: Compose {
                    ToTensor(); Normalize(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
                }
            ).train
        case .toy:
            return TensorDataset(
                [[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]], Tensor([0, 0, 0, 1, 1]))
        case .template:
            return TensorDataset(
                Tensor.randn([100, 10], generator: generator), Tensor.randn([100, 1], generator: generator))
        }
    }

    func loader(
        _ samples: some Dataset<(Tensor, Tensor)>, seed: UInt64
    ) -> any TrainingLoader {
        let batchSize =
            switch self {
            case .fashion, .template: 32;
            case .mnist: 64;
            case .cifar: 16;
            case .toy: 2
            }
        return DataLoader(samples, batchSize: batchSize, shuffle: true, seed: seed, dropLast: self == .toy)
    }

    /// Whether the files that the program reads are on this machine.
    var hasData: Bool { self == .toy || self == .template || Self.dataFolder != nil }

    /// The folder with the data sets; nil where there is none.
    static var dataFolder: String? {
        let location = DatasetLocation()
        let folders = [location.sharedDirectory, location.environment["LOCKSTEP_DATA"]].compactMap { $0 }
        return folders.first { FileManager.default.fileExists(atPath: $0) }
    }
}

/// A loader of (inputs, targets), whatever its data set.
protocol TrainingLoader {
    func indices(epoch: Int) -> [Int]
    var batchSize: Int { get }
    func batches(epoch: Int, from first: Int) -> BatchIterator<(Tensor, Tensor)>
    /// The loader of one rank.
    func share(rank: Int, worldSize: Int) throws -> any TrainingLoader
}

extension DataLoader: TrainingLoader where D.Batch == (Tensor, Tensor) {
    func share(rank: Int, worldSize: Int) throws -> any TrainingLoader { try sharded(rank: rank, worldSize: worldSize) }
}

/// A program that is ready to take steps.
struct SeedTraining {
    let program: SeedProgram
    let model: any Layer<Tensor, Tensor>
    let optimizer: any Optimizer
    let loader: any TrainingLoader

    /// A program with parts that were made elsewhere.
    init(program: SeedProgram, model: any Layer<Tensor, Tensor>, optimizer: any Optimizer, loader: any TrainingLoader) {
        self.program = program
        self.model = model
        self.optimizer = optimizer
        self.loader = loader
    }

    init(_ program: SeedProgram, seed: UInt64, dtype: DType = .float32) async throws {
        let generator = Generator(seed: seed)
        self.program = program
        model = program.model(generator)
        loader = program.loader(try await program.samples(generator), seed: seed)
        model.to(dtype)
        optimizer = program.optimizer(model.parameters)
    }

    /// The losses of the first steps, running over the ends of epochs.
    func losses(steps: Int, dtype: DType = .float32) throws -> [Double] {
        var losses: [Double] = []
        var epoch = 0
        while losses.count < steps {
            let batches = loader.batches(epoch: epoch, from: 0)
            while losses.count < steps, let (inputs, targets) = try batches.next() {
                let targets = targets.dtype.isFloatingPoint ? targets.to(dtype) : targets
                let loss = program.loss(model(inputs.to(dtype)), targets)
                optimizer.zeroGrad()
                try loss.backward()
                try optimizer.step()
                losses.append(Double(loss))
            }
            epoch += 1
        }
        return losses
    }
}
