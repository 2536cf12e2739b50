/// A plan as JSON has it; times are in seconds, sizes in bytes.
public struct ScalingReport: Sendable, Encodable {
    /// The model's name.
    public let model: String
    /// The number of parameters.
    public let parameters: Int
    /// Bytes of all gradients.
    public let gradientBytes: Int
    /// Bytes of each bucket, in their order.
    public let bucketBytes: [Int]
    /// Samples in a batch of one rank.
    public let batchSize: Int
    /// Seconds of forward and backward pass for one sample.
    public let secondsPerSample: Double
    /// Where that is from.
    public let computeSource: String
    /// The optimizer.
    public let optimizer: TrainingJob.Optimizer
    /// How gradients are summed.
    public let allReduce: Cluster.AllReduce
    /// Ranks on a node.
    public let ranksPerNode: Int
    /// Bytes a second between nodes; a text where it is unlimited.
    public let bandwidth: Double
    /// Seconds of a message between nodes.
    public let latency: Double
    /// What is predicted for each number of nodes.
    public let predictions: [StepPrediction]
    /// What limits from which number of nodes on.
    public let limits: [ScalingPlan.Stretch]

    /// The report on a plan.
    public init(_ plan: ScalingPlan, computeSource: String) {
        let (job, cluster) = (plan.job, plan.cluster)
        model = job.model.name
        parameters = job.model.parameterCount
        gradientBytes = job.model.gradientBytes
        bucketBytes = job.buckets.map(\.bytes)
        batchSize = job.batchSize
        secondsPerSample = job.secondsPerSample
        self.computeSource = computeSource
        optimizer = job.optimizer
        allReduce = cluster.allReduce
        ranksPerNode = cluster.ranksPerNode
        bandwidth = cluster.network.bandwidth
        latency = cluster.network.latency
        predictions = plan.predictions
        limits = plan.limits
    }
}
