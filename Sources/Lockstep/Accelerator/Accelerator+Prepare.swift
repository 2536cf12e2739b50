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
        let prepared = (repeat try (each values).prepared(by: self))
        if let resumption = loop.resumption {
            try resumption.restore(loop.state)
            if resumption.position.worldSize == worldSize {
                for (synchronizer, layout) in zip(loop.synchronizers, resumption.position.buckets) {
                    try synchronizer.use(layout)
                }
            }
        }
        return prepared
    }
}

extension Module: Preparable {
    /// The model on the accelerator's device, in training mode, kept equal on all ranks.
    public final func prepared(by accelerator: Accelerator) throws -> Self {
        to(accelerator.device)
        train()
        accelerator.loop.models.append(self)
        accelerator.loop.state.add(self, as: "model")
        autocast = accelerator.options.precision.autocast
        if accelerator.options.precision == .float16, accelerator.loop.scaler == nil {
            let scaler = GradientScaler()
            accelerator.loop.scaler = scaler
            accelerator.loop.state.add(scaler, as: "gradient-scaler")
        }
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
        accelerator.loop.state.add(self, as: "optimizer")
        return self
    }
}

// An optimizer of one's own conforms the same way.
extension SGD: Preparable {}
extension Adam: Preparable {}  // and AdamW

extension Scheduler: Preparable {
    /// Itself: it counts the optimizer's steps, which are the same whatever the number of ranks.
    public func prepared(by accelerator: Accelerator) throws -> Scheduler {
        accelerator.loop.state.add(self, as: "scheduler")
        return self
    }
}

extension DataLoader: Preparable {
    /// This rank's share of the loader, with the run's seed, order, limit and batch size.
    public func prepared(by accelerator: Accelerator) throws -> DataLoader {
        let options = accelerator.options
        let ranks = accelerator.ranks
        let whole = ordered(shuffle: options.shuffle ? nil : false, limit: options.limit)
            .batched(try accelerator.batchSize(instead: batchSize))
        whole.seed = seed ?? options.seed
        let data = try accelerator.description(ofDataIn: whole)
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
        try accelerator.follow(share, data: data)
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
    /// A rank's batch size: the program's, or its part of `--global-batch-size`, or of the batch that was divided between
    /// another number of ranks before this run went on from a checkpoint.
    fileprivate func batchSize(instead own: Int) throws -> Int {
        var whole = options.globalBatchSize
        // A run that was resized before keeps its global batch too; one that is forced to another batch size has that.
        if let resumption = loop.resumption, resumption.position.loaders.indices.contains(loop.state.places.count),
            resumption.position.worldSize != worldSize || !options.checkpoints.force
        {
            whole = resumption.position.loaders[loop.state.places.count].globalBatch
        }
        guard let whole else { return own }
        guard whole % worldSize == 0 else {
            let below = whole / worldSize * worldSize
            let name = whole == options.globalBatchSize ? "--global-batch-size" : "the checkpoint's global batch of"
            throw TrainingError(
                .invalidOption,
                "\(name) \(whole) cannot be divided between \(ranks.description). The nearest that can are "
                    + (below > 0 ? "\(below) and " : "") + "\(below + worldSize).")
        }
        return whole / worldSize
    }

    /// What a checkpoint says of a loader's data: how many samples, their order's seed, and a checksum of the first and last.
    fileprivate func description<D: Dataset>(ofDataIn loader: DataLoader<D>) throws -> String {
        var words = "\(loader.sampler.count) samples, seed \(loader.seed ?? 0)" + synthetic(loader.dataset)
        guard loop.saver != nil || loop.resumption != nil, loader.dataset.count > 0 else { return words }
        let ends = BatchIndices([0, loader.dataset.count - 1], seed: loader.seed ?? 0)
        let batch = try loader.dataset.batch(at: ends)
        let tensors: [Tensor] =
            switch batch {
            case let (inputs, targets) as (Tensor, Tensor): [inputs, targets]
            case let tensor as Tensor: [tensor]
            default: []
            }
        for tensor in tensors {
            words += ", \(tensor.dtype) \(tensor.shape.dropFirst()) \(String(tensor.digest, radix: 16))"
        }
        return words
    }

    /// What is said of data that were generated.
    fileprivate func synthetic(_ dataset: some Dataset) -> String {
        (dataset as? ImageDataset)?.isSynthetic == true ? ", synthetic" : ""
    }

    /// Keeps the place of a loader, and puts it where the checkpoint was that the run goes on from.
    fileprivate func follow<D: Dataset>(_ loader: DataLoader<D>, data: String) throws {
        let globalBatch = loader.batchSize * worldSize
        let number = loop.state.places.count
        loop.state.places.append(.init(loader, data: data, globalBatch: globalBatch))
        guard let resumption = loop.resumption else { return }
        guard resumption.position.loaders.indices.contains(number) else {
            throw TrainingError(
                .cannotResume,
                "\(resumption.path) has the places of \(resumption.position.loaders.count) loaders, and this is number "
                    + "\(number + 1). Resume with the program that wrote it.")
        }
        let place = resumption.position.loaders[number]
        guard options.checkpoints.force || place.data == data else {
            throw TrainingError(
                .cannotResume,
                "the data of loader \(number + 1) are others than in \(resumption.path): \(place.data) there, \(data) "
                    + "here. Use the same data, or --force to go on with these.")
        }
        loader.epoch = place.epoch
        loader.firstBatch = place.samples / globalBatch
    }

    /// Throws where ranks would train on different data.
    fileprivate func requireSameData(_ description: String, _ dataset: some Dataset) throws {
        loop.loaderCount += 1
        try ranks.requireAgreement(on: "the data of loader \(loop.loaderCount)", description + synthetic(dataset))
    }
}
