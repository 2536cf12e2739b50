/// Whether a job that failed is started again.
///
/// All ranks start again, as another generation. A job that fails again and again in the same way soon after its start
/// would only use up its restarts: the third such failure in a row is the last.
struct RestartPolicy: Sendable {
    /// What follows a generation.
    enum Decision: Sendable, Hashable {
        /// The job is over; a note for people, where there is something to add.
        case finish(note: String?)
        /// Another generation follows.
        case restart(note: String)
    }

    /// A generation that failed within this time of its start counts as one that failed soon.
    static let soon = Duration.seconds(60)
    /// So many failures of the same kind, one after the other and soon, make a crash loop.
    static let loopLength = 3

    /// The number of restarts that are allowed.
    let limit: Int
    private(set) var restarts = 0
    private var lastFailure: String?
    private var repetitions = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Decides what follows a generation that ended after `duration`.
    mutating func decide(after outcome: JobOutcome, lasting duration: Duration) -> Decision {
        guard let failure = Self.kind(of: outcome) else { return .finish(note: nil) }
        let isRepetition = failure == lastFailure && duration < Self.soon
        repetitions = isRepetition ? repetitions + 1 : 1
        lastFailure = duration < Self.soon ? failure : nil
        if limit == 0 { return .finish(note: nil) }
        if repetitions >= Self.loopLength {
            return .finish(
                note: "not restarted any more, though \(restarts) of \(limit) restarts are used: the job failed "
                    + "\(repetitions) times in the same way, each within \(Self.soon.components.seconds) s of its start"
            )
        }
        guard restarts < limit else {
            return .finish(note: "not restarted any more: all \(limit) restarts are used")
        }
        restarts += 1
        return .restart(note: "restarting all ranks: restart \(restarts) of \(limit)")
    }

    /// What makes two failures the same: who failed and how, whatever the numbers in a message; nil for no failure.
    private static func kind(of outcome: JobOutcome) -> String? {
        switch outcome.ending {
        case .completed, .stopped, .interrupted: nil
        case .nodeFailed(let node, let reason): "node \(node) \(reason.filter { !$0.isNumber })"
        case .failed(let rank, .reported(let message)): "\(rank) \(message.filter { !$0.isNumber })"
        case .failed(let rank, let cause): "\(rank) \(cause)"
        }
    }
}
