/// What each rank computes in a step.
public struct TrainingJob: Sendable {
    /// What the optimizer does, as bytes of memory that it moves for each parameter in float32.
    public enum Optimizer: String, Sendable, CaseIterable, Encodable {
        /// Reads parameter and gradient, writes the parameter.
        case sgd
        /// SGD that also reads and writes a velocity.
        case momentum
        /// Reads parameter, gradient and two moments, writes all but the gradient.
        case adam

        /// Bytes read and written for each parameter.
        public var bytesPerParameter: Int {
            switch self {
            case .sgd: 12
            case .momentum: 20
            case .adam: 28
            }
        }
    }

    /// The model.
    public let model: ModelCost
    /// Samples in a batch of one rank.
    public let batchSize: Int
    /// Seconds of forward and backward pass for one sample on one rank.
    public let secondsPerSample: Double
    /// The optimizer.
    public let optimizer: Optimizer
    /// The buckets in which gradients are reduced, in their order.
    public let buckets: [GradientBucket]

    /// A job.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - batchSize: samples in a batch of one rank.
    ///   - secondsPerSample: seconds of forward and backward pass for one sample on one rank.
    ///   - optimizer: the optimizer.
    ///   - bucketBytes: the size of a bucket; the first one is at most 1 MiB.
    /// - Throws: ``PlanningError`` with `invalidArgument` for a number that is not positive.
    public init(
        model: ModelCost, batchSize: Int, secondsPerSample: Double, optimizer: Optimizer = .sgd,
        bucketBytes: Int = 25 << 20
    ) throws {
        guard batchSize > 0 else {
            throw PlanningError(.invalidArgument, "a batch of \(batchSize) samples is none; give at least 1")
        }
        guard bucketBytes > 0 else {
            throw PlanningError(
                .invalidArgument, "a bucket of \(bucketBytes) bytes holds nothing; give at least 1 byte")
        }
        guard secondsPerSample > 0, secondsPerSample.isFinite else {
            throw PlanningError(
                .invalidArgument, "\(secondsPerSample) s of computing a sample is not possible; give more than 0")
        }
        self.model = model
        self.batchSize = batchSize
        self.secondsPerSample = secondsPerSample
        self.optimizer = optimizer
        buckets = GradientBucket.buckets(of: model, bytes: bucketBytes)
    }

    /// Seconds of the forward pass of a batch: its share of the operations.
    public var forwardSeconds: Double {
        let share = model.operations > 0 ? model.forwardOperations / model.operations : 1.0 / 3
        return Double(batchSize) * secondsPerSample * share
    }

    /// Seconds of the backward pass of a batch.
    public var backwardSeconds: Double { Double(batchSize) * secondsPerSample - forwardSeconds }

    /// Seconds of the optimizer's step: what it moves in memory.
    public func optimizerSeconds(memoryBandwidth: Double) -> Double {
        Double(model.parameterCount * optimizer.bytesPerParameter) / memoryBandwidth
    }

    /// Seconds of a sample's forward and backward pass, out of a measured step of one rank, which has the optimizer in it.
    ///
    /// At most half of the step is taken to be the optimizer's: it may find its numbers in a cache.
    public static func secondsPerSample(
        stepSeconds: Double, batchSize: Int, model: ModelCost, optimizer: Optimizer, memoryBandwidth: Double
    ) -> Double {
        let update = Double(model.parameterCount * optimizer.bytesPerParameter) / memoryBandwidth
        return max(stepSeconds - update, stepSeconds / 2) / Double(batchSize)
    }
}
