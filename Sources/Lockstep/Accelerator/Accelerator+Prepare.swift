import Launching
import Torch
public import TorchData
import TorchDistributed
public import TorchNN
public import TorchOptim
import TorchVision

/// What ``Accelerator/prepare(_:)`` takes: models, optimizers, loaders.
public protocol Preparable {
    /// Itself, made ready for this run.
    func prepared(by accelerator: Accelerator) throws -> Self
}

extension Accelerator {
    /// Makes models, optimizers and loaders ready for this run; call it once, when all of them are built.
    ///
    /// A model goes to the device; on several ranks it is compared with the other ranks', takes over rank 0's state, and
    /// has its gradients averaged in every backward pass from then on. The first optimizer's steps are the run's steps.
    /// Loaders get the run's seed where they have none, follow `--no-shuffle`, `--limit` and `--global-batch-size`, and
    /// give this rank its share.
    /// ```swift
    /// let (model, optimizer, training) = try accelerator.prepare(network, optimizer, loader)
    /// ```
    ///
    /// - Throws: what a value's own `prepared(by:)` throws; `DistributedError` where ranks have different models or data.
    public func prepare<each Value: Preparable>(_ values: repeat each Value) throws -> (repeat each Value) {
        note("in prepare()")
        defer { note("after prepare()") }
        return (repeat try (each values).prepared(by: self))
    }
}

extension Module: Preparable {
    /// The model on the accelerator's device, in training mode, kept equal on all ranks.
    public final func prepared(by accelerator: Accelerator) throws -> Self {
        to(accelerator.device)
        train()
        accelerator.loop.models.append(self)
        if let group = accelerator.ranks.group {
            var options = DataParallelOptions()
            options.findUnusedParameters = accelerator.options.findUnusedParameters
            accelerator.loop.synchronizers.append(try GradientSynchronizer(self, group: group, options: options))
        }
        return self
    }
}

extension Preparable where Self: Optimizer {
    /// Itself; its steps count as the run's if it is the first.
    public func prepared(by accelerator: Accelerator) throws -> Self {
        accelerator.loop.follow(self)
        return self
    }
}

// An optimizer of one's own conforms the same way.
extension SGD: Preparable {}
extension Adam: Preparable {}  // and AdamW

extension Scheduler: Preparable {
    /// Itself: it counts the optimizer's steps, which are the same whatever the number of ranks.
    public func prepared(by accelerator: Accelerator) throws -> Scheduler { self }
}

extension DataLoader: Preparable {
    /// This rank's share of the loader, with the run's seed, order, limit and batch size.
    public func prepared(by accelerator: Accelerator) throws -> DataLoader {
        let options = accelerator.options
        let ranks = accelerator.ranks
        let whole = ordered(shuffle: options.shuffle ? nil : false, limit: options.limit)
            .batched(try accelerator.batchSize(instead: batchSize))
        whole.seed = seed ?? options.seed
        try accelerator.requireSameData(
            "\(whole.sampler.count) samples in batches of \(whole.batchSize), seed \(whole.seed ?? 0)", dataset)
        whole.sharesItsCore =
            accelerator.device == .cpu && accelerator.threadCount * ranks.localWorldSize >= AvailableCores.count
        let share = try whole.sharded(rank: ranks.rank, worldSize: ranks.worldSize)
        guard share.batchCount > 0 else {
            throw TrainingError(
                .nothingToTrain,
                "the loader has no batch: \(whole.sampler.count) samples are \(share.sampler.count) for each of "
                    + "\(ranks.description), the batch size is \(whole.batchSize)"
                    + (whole.dropLast ? ", and batches that are not full are left out." : ".")
                    + " Use fewer ranks, a smaller batch or more samples.")
        }
        accelerator.loop.plan.append(
            "\(whole.sampler.count) samples, \(counted(share.batchCount, "step")) an epoch, global batch \(whole.batchSize * ranks.worldSize) = "
                + "\(ranks.description) × \(whole.batchSize)"
                + (ranks.group.map { " through \($0.backend.rawValue)" } ?? ""))
        return share
    }
}

extension EvaluationLoader: Preparable {
    /// This rank's share of the loader, with the run's limit.
    public func prepared(by accelerator: Accelerator) throws -> EvaluationLoader {
        let ranks = accelerator.ranks
        let whole = limited(to: accelerator.options.limit)
        try accelerator.requireSameData("\(whole.sampleCount) samples", dataset)
        return try whole.sharded(rank: ranks.rank, worldSize: ranks.worldSize)
    }
}

extension Accelerator {
    /// A rank's batch size: the program's, or its part of `--global-batch-size`.
    fileprivate func batchSize(instead own: Int) throws -> Int {
        guard let whole = options.globalBatchSize else { return own }
        guard whole % worldSize == 0 else {
            let below = whole / worldSize * worldSize
            throw TrainingError(
                .invalidOption,
                "--global-batch-size \(whole) cannot be divided between \(ranks.description). The nearest that can are "
                    + (below > 0 ? "\(below) and " : "") + "\(below + worldSize).")
        }
        return whole / worldSize
    }

    /// Throws where ranks would train on different data.
    fileprivate func requireSameData(_ description: String, _ dataset: some Dataset) throws {
        loop.loaderCount += 1
        let isSynthetic = (dataset as? ImageDataset)?.isSynthetic == true
        try ranks.requireAgreement(
            on: "the data of loader \(loop.loaderCount)", description + (isSynthetic ? ", synthetic" : ""))
    }
}
