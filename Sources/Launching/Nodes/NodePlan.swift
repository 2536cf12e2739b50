/// What a launcher tells of its machine when it joins a job of several.
struct NodeDescription: Codable, Sendable, Hashable {
    /// The machine's number, from 0.
    let node: Int
    /// How many machines it expects.
    let nodeCount: Int
    /// The number of ranks that it starts.
    let processCount: Int
    let host: String
    let pid: Int32
    /// The ranks' arguments.
    let arguments: [String]
    /// Where the others are to reach it, for machines that only meet to see whether they can.
    var target: ReachabilityReport.Target?

    /// `node 1 (host-b)`.
    var name: String { "node \(node) (\(host))" }
}

/// What a launcher needs to know to start its machine's ranks.
struct NodePlan: Codable, Sendable, Hashable {
    /// How often the job's ranks have been started before.
    let generation: Int
    /// The number of the machine's first rank.
    let firstRank: Int
    let worldSize: Int
    let nodeCount: Int
    /// The store's port.
    let masterPort: Int
    /// What tells this job's processes from other jobs'.
    let job: String
    /// The folder of the run on node 0.
    let runFolder: String?
}
