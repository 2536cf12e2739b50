public import TorchData
public import TorchNN
public import TorchOptim

/// What ``Accelerator/prepare(_:)`` takes: models, optimizers, loaders.
public protocol Preparable {
    /// Itself, made ready for this run.
    func prepared(by accelerator: Accelerator) throws -> Self
}

extension Accelerator {
    /// Makes models, optimizers and loaders ready for this run; call it once, when all of them are built.
    ///
    /// A model goes to the device. The first optimizer's steps are the run's steps. Loaders get the run's seed where
    /// they have none, and follow `--no-shuffle` and `--limit`.
    /// ```swift
    /// let (model, optimizer, training) = try accelerator.prepare(network, optimizer, loader)
    /// ```
    ///
    /// - Throws: what a value's own `prepared(by:)` throws.
    public func prepare<each Value: Preparable>(_ values: repeat each Value) throws -> (repeat each Value) {
        (repeat try (each values).prepared(by: self))
    }
}

extension Module: Preparable {
    /// The model on the accelerator's device, in training mode.
    public final func prepared(by accelerator: Accelerator) throws -> Self {
        to(accelerator.device)
        return train()
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

extension DataLoader: Preparable {
    /// The loader with the run's seed, order and limit.
    public func prepared(by accelerator: Accelerator) throws -> DataLoader {
        let options = accelerator.options
        let loader = ordered(shuffle: options.shuffle ? nil : false, limit: options.limit)
        loader.seed = seed ?? options.seed
        let ranks = accelerator.worldSize
        accelerator.loop.plan.append(
            "\(loader.sampleCount) samples an epoch, global batch \(batchSize * ranks) = "
                + "\(ranks) \(ranks == 1 ? "rank" : "ranks") × \(batchSize)")
        return loader
    }
}

extension EvaluationLoader: Preparable {
    /// The loader with the run's limit.
    public func prepared(by accelerator: Accelerator) throws -> EvaluationLoader {
        limited(to: accelerator.options.limit)
    }
}
