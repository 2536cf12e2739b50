import Logging
public import Torch
public import TorchData
public import TorchMetrics
public import TorchNN
import Tracking

/// How well a classifier does on a data set.
public struct Evaluation: Hashable, Sendable {
    /// The share of right answers, between 0 and 1.
    public let accuracy: Double
    /// The mean loss over all samples.
    public let loss: Double
    /// The number of right answers.
    public let correct: Int
    /// The number of samples.
    public let count: Int
}

extension Accelerator {
    /// Measures a classifier on every sample exactly once, and records `accuracy` and `evaluation_loss`.
    ///
    /// The model is in evaluation mode meanwhile, and nothing is recorded for gradients. Sums and counts are added up, so
    /// the result does not depend on batches or on the number of processes; each has it.
    ///
    /// - Throws: what the data set throws, and `DistributedError`.
    public func evaluate<Model: Layer, D: Dataset>(
        _ model: Model, on loader: EvaluationLoader<D>, loss: some Loss
    ) async throws -> Evaluation
    where Model.Input == Tensor, Model.Output == Tensor, D.Batch == (Tensor, Tensor) {
        let mean = Mean(weights: { loss.sampleWeights($0, $1) }, of: { loss.perSample($0, $1) })
        var record = EvaluationRecord()
        let (accuracy, meanLoss) = try await evaluate(
            model, on: loader,
            observing: { outputs, targets, index in
                record.add(outputs, targets, losses: loss.perSample(outputs, targets), index: index)
            }, Accuracy(), mean)
        try write(record, of: loader.dataset)
        let evaluation = Evaluation(
            accuracy: accuracy?.fraction ?? 0, loss: meanLoss ?? .nan, correct: accuracy?.correct ?? 0,
            count: accuracy?.count ?? 0)
        loop.evaluation = evaluation
        flushLog()
        self.write(
            [
                "step": .integer(step), "epoch": .integer(epoch), "accuracy": .number(evaluation.accuracy),
                "evaluation_loss": .number(evaluation.loss),
            ], at: loop.seconds)
        return evaluation
    }

    /// The values of any metrics over every sample exactly once; nil for a data set without samples.
    ///
    /// ```swift
    /// let (matrix, error) = try await accelerator.evaluate(model, on: test, ConfusionMatrix(classes: 10), meanError)
    /// ```
    public func evaluate<Model: Layer, D: Dataset, each M: Metric>(
        _ model: Model, on loader: EvaluationLoader<D>, _ metrics: repeat each M
    ) async throws -> (repeat (each M).Value?)
    where Model.Input == Tensor, Model.Output == Tensor, D.Batch == (Tensor, Tensor) {
        try await evaluate(model, on: loader, observing: { _, _, _ in }, repeat each metrics)
    }

    /// The same, with each batch's outputs and targets shown, and the number in the data set of each place in it.
    private func evaluate<Model: Layer, D: Dataset, each M: Metric>(
        _ model: Model, on loader: EvaluationLoader<D>,
        observing observe: (_ outputs: Tensor, _ targets: Tensor, _ index: (Int) -> Int) -> Void,
        _ metrics: repeat each M
    ) async throws -> (repeat (each M).Value?)
    where Model.Input == Tensor, Model.Output == Tensor, D.Batch == (Tensor, Tensor) {
        note("running evaluate()")
        defer { note("after evaluate()") }
        try synchronizeBuffers()
        var totals = (repeat Total(of: each metrics))
        let wasTraining = model.isTraining
        model.eval()
        defer { model.train(wasTraining) }
        // A loader that was not prepared would count every sample on every rank.
        let batches = try loader.sharded(rank: rank, worldSize: worldSize).makeAsyncIterator()
        var seen = 0
        while let batch = try batches.next() {
            try Task.checkCancellation()
            let (inputs, targets) = moved(batch, to: device)
            let outputs = withoutGradients { model(inputs) }
            totals = (repeat (each totals).adding(outputs: outputs, targets: targets))
            // A rank has every so-manieth sample.
            observe(outputs, targets) { rank + (seen + $0) * worldSize }
            seen += outputs.dim > 0 ? outputs.size(0) : 0
            if rehearsal != nil { break }
        }
        if isMainProcess, rehearsal?.isRepeated == false { logger.info("dry run: evaluated one batch") }
        return (repeat try summed(each totals).value)
    }

    /// A metric's total over all ranks.
    private func summed<M: Metric>(_ total: Total<M>) throws -> Total<M> {
        Total(of: total.metric, sums: try ranks.sum(total.sums))
    }
}
