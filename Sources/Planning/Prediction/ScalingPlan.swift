/// Predictions for several numbers of nodes.
public struct ScalingPlan: Sendable {
    /// What each rank computes.
    public let job: TrainingJob
    /// The nodes, of which there are as many as each prediction says.
    public let cluster: Cluster
    /// The predictions, by ascending numbers of nodes.
    public let predictions: [StepPrediction]

    /// A plan of `job` on as many nodes like those of `cluster` as `counts` says.
    public init(_ job: TrainingJob, on cluster: Cluster, nodes counts: NodeCounts) {
        self.job = job
        self.cluster = cluster
        predictions = counts.values.map { count in
            var sized = cluster
            sized.nodes = count
            return StepPrediction(of: job, on: sized)
        }
    }

    /// A stretch of numbers of nodes with the same limit.
    public struct Stretch: Sendable, Hashable, Encodable {
        /// What limits.
        public let limit: StepPrediction.Limit
        /// The smallest of these numbers.
        public let first: Int
        /// The largest of them.
        public let last: Int

        /// A stretch from one number to another.
        public init(limit: StepPrediction.Limit, first: Int, last: Int) {
            self.limit = limit
            self.first = first
            self.last = last
        }
    }

    /// What limits from which number of nodes on.
    public var limits: [Stretch] {
        predictions.reduce(into: []) { stretches, prediction in
            let first = stretches.last.flatMap { $0.limit == prediction.limit ? $0.first : nil }
            if first != nil { stretches.removeLast() }
            stretches.append(
                Stretch(limit: prediction.limit, first: first ?? prediction.nodes, last: prediction.nodes))
        }
    }
}
