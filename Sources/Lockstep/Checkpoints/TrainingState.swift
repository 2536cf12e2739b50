import OrderedCollections
import Torch
import TorchData
import TorchNN
import TorchOptim

/// What a training consists of, by the names that it has in checkpoints.
struct TrainingState {
    /// A loader whose place in the data is a part of the training.
    final class Place {
        let loader: any ResumableLoader
        let data: String
        let globalBatch: Int
        /// The iteration in progress.
        var inProgress: (epoch: Int, batches: Int)?

        init(_ loader: any ResumableLoader, data: String, globalBatch: Int) {
            self.loader = loader
            self.data = data
            self.globalBatch = globalBatch
        }

        /// Where the loader is.
        var position: TrainingPosition.Loader {
            TrainingPosition.Loader(
                epoch: inProgress?.epoch ?? loader.epoch, samples: (inProgress?.batches ?? 0) * globalBatch,
                globalBatch: globalBatch, data: data)
        }
    }

    /// Whether any part sets learning rates.
    private(set) var hasSchedules = false
    /// Models, optimizers, schedulers and what the program registered.
    private(set) var parts: OrderedDictionary<String, any Stateful> = [:]
    /// The loaders, in the order in which they were prepared.
    var places: [Place] = []

    /// The live tensors of all parts.
    var dictionaries: OrderedDictionary<String, StateDictionary> { parts.mapValues { $0.stateDictionary() } }

    /// What the learning rates follow, in words, by the schedulers' names.
    var schedules: [String: String] {
        parts.reduce(into: [:]) { texts, part in
            if let scheduler = part.value as? Scheduler { texts[part.key] = "\(scheduler.schedule)" }
        }
    }

    /// Models and optimizers, which no training goes on from with a NaN in them.
    var finiteParts: Set<String> { Set(parts.filter { $0.value is Module || $0.value is any Optimizer }.keys) }

    /// Adds something under a name, or `name-2` and so on where that is taken; nothing is added twice.
    mutating func add(_ value: any Stateful, as name: String) {
        guard !parts.values.contains(where: { $0 === value }) else { return }
        var free = name
        var number = 1
        while parts[free] != nil {
            number += 1
            free = "\(name)-\(number)"
        }
        parts[free] = value
        hasSchedules = hasSchedules || value is Scheduler
    }

    /// The place of a loader that was prepared.
    func place(of loader: any ResumableLoader) -> Place? { places.first { $0.loader === loader } }
}

/// A loader of any data set, as far as its place is concerned.
protocol ResumableLoader: AnyObject {
    var epoch: Int { get set }
    var firstBatch: Int { get set }
}

extension DataLoader: ResumableLoader {}
