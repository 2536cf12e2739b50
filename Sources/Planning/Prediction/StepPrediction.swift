/// What a step takes on a number of nodes.
public struct StepPrediction: Sendable, Hashable, Encodable {
    /// What keeps a job from scaling.
    public enum Limit: String, Sendable, Encodable {
        /// Nothing does: at least nine tenths of a step are computing.
        case compute
        /// The number of messages, one after the other.
        case latency
        /// The bytes on the link, and summing them.
        case bandwidth
    }

    /// The number of nodes.
    public let nodes: Int
    /// The number of ranks.
    public let ranks: Int
    /// Seconds of forward and backward pass and optimizer: what one rank alone takes.
    public let computeSeconds: Double
    /// Seconds of all collectives of a step.
    public let communication: CollectiveSeconds
    /// Seconds of them that a rank waits for: what the backward pass does not hide.
    public let exposed: CollectiveSeconds
    /// Seconds of a step.
    public let stepSeconds: Double
    /// Samples of all ranks in a second.
    public let samplesPerSecond: Double
    /// Samples a second, divided by as many ranks times those of one rank alone.
    public let efficiency: Double
    /// What limits most.
    public let limit: Limit

    /// The share of a step that computing must have for a job to count as limited by nothing else.
    public static let computeShare = 0.9

    /// Predicts a step.
    ///
    /// Buffers are broadcast first, then come the forward pass and the backward pass. A bucket's all-reduce begins when its
    /// last gradient is there and the one before it has ended, beside the backward pass, which it does not slow down.
    /// The optimizer waits for the last one. This is how `DistributedDataParallel` works (Li et al., "PyTorch
    /// Distributed: Experiences on Accelerating Data Parallel Training", 2020).
    public init(of job: TrainingJob, on cluster: Cluster) {
        nodes = cluster.nodes
        ranks = cluster.ranks
        let optimizer = job.optimizerSeconds(memoryBandwidth: cluster.memoryBandwidth)
        let backwardEnd = job.forwardSeconds + job.backwardSeconds
        computeSeconds = backwardEnd + optimizer

        var broadcast = CollectiveSeconds()
        var reduced = CollectiveSeconds()
        var isFreeAt = 0.0
        if ranks > 1 {
            for bytes in job.model.bufferBroadcasts {
                broadcast = broadcast + cluster.broadcastSeconds(Double(bytes))
            }
            for bucket in job.buckets {
                let seconds = cluster.allReduceSeconds(Double(bucket.bytes))
                reduced = reduced + seconds
                isFreeAt = max(isFreeAt, job.forwardSeconds + bucket.readyAt * job.backwardSeconds) + seconds.total
            }
        }
        let waiting = max(0, isFreeAt - backwardEnd)
        communication = broadcast + reduced
        exposed = broadcast + (reduced.total > 0 ? min(1, waiting / reduced.total) : 0) * reduced
        stepSeconds = computeSeconds + exposed.total
        efficiency = computeSeconds / stepSeconds
        samplesPerSecond = Double(ranks * job.batchSize) / stepSeconds
        if efficiency >= Self.computeShare {
            limit = .compute
        } else {
            limit = exposed.latency > exposed.transfer + exposed.reduction ? .latency : .bandwidth
        }
    }
}
