import RankProtocol

/// What the launcher of another machine tells that of node 0.
///
/// Messages about ranks carry the generation that they are about; those of an earlier one are ignored.
enum NodeMessage: Codable, Sendable, Hashable {
    /// The machine is there.
    case join(NodeDescription)
    case rankMessage(RankMessage, from: Int, generation: Int)
    case rankExited(rank: Int, ProcessEnding, generation: Int)
    /// The machine's ranks cannot be started.
    case cannotStart(reason: String, generation: Int)
    /// The launcher got a signal that asks it to end.
    case signalled(Int32)
    /// What the report can tell of a rank, when all that it wrote has been passed on.
    case account(RankAccount, rank: Int, generation: Int)
    /// What was in the way to each machine, in a check.
    case reached([String?])
    /// Nothing more follows of a generation.
    case concluded(generation: Int)
}

/// What the launcher of node 0 tells those of the other machines.
enum CoordinatorMessage: Codable, Sendable, Hashable {
    /// A line for people.
    case note(String)
    /// The machine cannot take part.
    case refused(String)
    /// The ranks are to be started.
    case start(NodePlan)
    case save([Int], generation: Int)
    case forward(Int32, [Int], generation: Int)
    case terminate([Int], reason: String, generation: Int)
    case kill([Int], generation: Int)
    /// A generation is over: what is known of its ranks is wanted.
    case conclude(generation: Int)
    /// The machines that are to be reached, in a check.
    case reach([ReachabilityReport.Target])
    /// The job is over.
    case end(JobOutcome, report: [String])
}
