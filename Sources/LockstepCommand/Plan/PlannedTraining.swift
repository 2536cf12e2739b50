import ArgumentParser
import Planning

/// The options of `lockstep plan` about what is trained.
struct PlannedTraining: ParsableArguments {
    /// Floating-point operations a second of a rank of which nothing is known: a CPU of 20 to 30 cores.
    private static let assumedRate = 1e12

    @Option(help: ArgumentHelp("A known model.", valueName: "name"))
    var model: String?

    @Option(
        help: ArgumentHelp("The number of parameters of a model that is not known, such as 25M.", valueName: "n"),
        transform: { try Quantity.count.value(of: $0) })
    var parameters: Double?

    @Option(help: ArgumentHelp("Samples in a batch of one rank.", valueName: "n"))
    var batchSize: Int

    @Option(
        help: ArgumentHelp(
            "Height and width of images for a ResNet (default: 224, cifar10-resnet18: 32).", valueName: "n"))
    var imageSize: Int?

    @Option(
        help: ArgumentHelp(
            """
            Forward and backward pass of a sample on one rank: a time (3ms), a rate (80GFLOP/s), the folder of a run on \
            one rank, or the benchmark's JSON file (default: 1TFLOP/s, a CPU of 20 to 30 cores).
            """, valueName: "time|rate|path"))
    var compute: String?

    @Option(help: ArgumentHelp("The optimizer: sgd, momentum or adam.", valueName: "name"))
    var optimizer = TrainingJob.Optimizer.sgd

    @Option(
        help: ArgumentHelp("The size up to which gradients are sent together (default: 25MiB).", valueName: "size"),
        transform: { try Quantity.size.value(of: $0) })
    var bucketSize = Double(25 << 20)

    /// What each rank computes, and where the time of a sample is from.
    ///
    /// - Throws: `PlanningError`, or `ValidationError` for options that do not go together.
    func job(memoryBandwidth: Double) throws -> (TrainingJob, String) {
        let model = try modelCost()
        let (seconds, source) = try secondsPerSample(of: model, memoryBandwidth)
        guard bucketSize >= 1, bucketSize < 1e15 else {
            throw ValidationError("--bucket-size: a bucket has at least 1 byte, and less than 1000 TB")
        }
        let job = try TrainingJob(
            model: model, batchSize: batchSize, secondsPerSample: seconds, optimizer: optimizer,
            bucketBytes: Int(bucketSize))
        return (job, source)
    }

    private func modelCost() throws -> ModelCost {
        switch (model, parameters) {
        case (let model?, nil): return try .known(model, imageSize: imageSize)
        case (nil, let parameters?):
            guard (1...1e15).contains(parameters) else {
                throw ValidationError("--parameters \(parameters): a model has at least 1, and at most 1000T")
            }
            guard imageSize == nil else { throw ValidationError("--image-size is for known models, not --parameters") }
            return .uniform(parameterCount: Int(parameters))
        case (nil, nil): throw ValidationError("give --model <name> or --parameters <n>")
        case (_?, _?): throw ValidationError("--model and --parameters both say what is trained; give one of them")
        }
    }

    private func secondsPerSample(of model: ModelCost, _ memoryBandwidth: Double) throws -> (Double, String) {
        guard let compute else {
            guard self.model != nil else {
                throw ValidationError("--parameters needs --compute, since nothing says what a sample takes")
            }
            return (model.operations / Self.assumedRate, "assumed: 1 TFLOP/s; give --compute for yours")
        }
        if let measured = try MeasuredStep(at: compute, program: model.name) {
            let seconds = TrainingJob.secondsPerSample(
                stepSeconds: measured.seconds, batchSize: measured.batchSize, model: model, optimizer: optimizer,
                memoryBandwidth: memoryBandwidth)
            return (seconds, "measured in \(compute)")
        }
        if compute.lowercased().contains("flop") {
            let rate = try Quantity.operationRate.value(of: compute)
            guard rate > 0 else { throw ValidationError("--compute \(compute): a rate is more than 0") }
            return (model.operations / rate, "at \(QuantityText.operationRate(rate))")
        }
        return (try Quantity.duration.value(of: compute), "given")
    }
}
