import RunFiles

/// The numbers by which runs are compared.
struct RunResults {
    private let run: RunRecord

    init(_ run: RunRecord) { self.run = run }

    /// Of the last evaluation.
    var accuracy: Double? { run.metrics.evaluation("accuracy")?.last }

    /// Of any evaluation.
    var bestAccuracy: Double? { run.metrics.evaluation("accuracy")?.values.filter(\.isFinite).max() }

    /// Of the last evaluation.
    var evaluationLoss: Double? { run.metrics.evaluation("evaluation_loss")?.last }

    /// At the end: the mean of some steps where there are many.
    ///
    /// Not finite where that of the last step is not.
    var trainingLoss: Double? {
        guard let loss = run.metrics.series("loss"), let last = loss.last else { return nil }
        guard last.isFinite else { return last }
        return Smoothing.smoothed(loss.points)?.last?.y ?? last
    }

    /// What ``trainingLoss`` is.
    var trainingLossNote: String {
        let count = run.metrics.series("loss")?.count ?? 0
        return count >= Smoothing.fewest ? "smoothed" : "of the last step"
    }

    /// The steps that were done.
    var steps: Int? { run.summary?.steps ?? run.metrics.finalStep }

    /// What a step took on average.
    var stepTime: String? {
        guard let seconds = run.summary?.seconds ?? run.metrics.series("seconds")?.last, let steps, steps > 0 else {
            return nil
        }
        return "\(NumberText.duration(seconds / Double(steps))) a step"
    }

    /// Of all ranks together, over the run.
    var samplesPerSecond: Double? {
        if let rate = run.summary?.samplesPerSecond { return rate }
        guard run.globalBatchSize != nil else { return nil }
        let values = run.throughput.values.sorted()
        return values.isEmpty ? nil : values[values.count / 2]
    }

    /// The most of any rank, in bytes.
    var peakMemory: Double? {
        (run.summary?.ranks.compactMap(\.peakMemory) ?? []).max() ?? run.ranks.compactMap(\.peakMemory).max()
    }
}
