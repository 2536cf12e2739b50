import RunFiles

extension RunRecord {
    /// Samples in a step of all ranks, where the configuration says so.
    var globalBatchSize: Int? {
        if let size = setting("global-batch-size")?.integer { return size }
        guard let size = setting("batch-size")?.integer else { return nil }
        let (product, isTooLarge) = size.multipliedReportingOverflow(by: setting("world-size")?.integer ?? 1)
        return isTooLarge ? nil : product
    }

    /// Samples a second over the run, or steps a second where the batch is not known; without pauses between epochs.
    var throughput: MetricSeries {
        var result = MetricSeries(name: globalBatchSize == nil ? "steps_per_second" : "samples_per_second")
        guard let seconds = metrics.series("seconds"), seconds.count > 1 else { return result }
        let samples = Double(globalBatchSize ?? 1)
        var pauses = Set(metrics.evaluations.flatMap(\.steps))
        pauses.formUnion(metrics.epochs.map { $0.step - 1 })
        // Some steps together, since single ones are measured where they were logged, which is not all alike.
        let window = min(max(seconds.count / 60, 1), 1000)
        var (steps, time) = (0, 0.0)
        for index in 1..<seconds.count {
            let elapsed = seconds.values[index] - seconds.values[index - 1]
            let passed = seconds.steps[index] - seconds.steps[index - 1]
            // Where a run went on in a new process, its time begins anew.
            guard elapsed >= 0, elapsed.isFinite, !pauses.contains(seconds.steps[index - 1]) else { continue }
            steps += passed
            time += elapsed
            if index % window == 0, time > 0 {
                result.append(Double(steps) * samples / time, at: seconds.steps[index])
                (steps, time) = (0, 0)
            }
        }
        if result.count == 0, time > 0, let last = seconds.steps.last {
            result.append(Double(steps) * samples / time, at: last)
        }
        return result
    }

    /// How long the run trained, in seconds.
    var trainingSeconds: Double? {
        summary?.seconds
            ?? [metrics.series("seconds")?.last, metrics.evaluation("seconds")?.last].compactMap { $0 }.max()
    }
}
