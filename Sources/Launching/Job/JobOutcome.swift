/// How a job ended.
public struct JobOutcome: Codable, Sendable, Hashable {
    /// The ways in which a job ends.
    public enum Ending: Codable, Sendable, Hashable {
        /// All ranks ended well.
        case completed
        /// All ranks have saved their training after this step and ended before their time, because a signal to the
        /// launcher of a node, or to one of them, asked for it.
        case stopped(step: Int, signal: Int32?, node: Int)
        /// A rank failed first, and the others were stopped.
        case failed(rank: Int, cause: FailureCause)
        /// A signal to the launcher of a node stopped all ranks.
        case interrupted(signal: Int32, node: Int = 0)
        /// A node could not start its ranks, or was lost, and the others' ranks were stopped.
        case nodeFailed(Int, reason: String)
    }

    /// What made a rank the one that failed first.
    public enum FailureCause: Codable, Sendable, Hashable {
        /// It said so, with this message.
        case reported(String)
        /// It returned this code, not 0, without a message.
        case exited(code: Int32)
        /// A signal killed it that was not the launcher's.
        case killed(signal: Int32)
        /// It ended before the others, without an error and without having finished.
        case endedEarly
    }

    /// What decided the job.
    public let ending: Ending
    /// The code for the launcher to exit with: 0, ``stoppedCode``, the failed rank's (at least 1), or 128 and a signal's number.
    public let exitCode: Int32
    /// The ranks, in order, that a failure or a signal kept from ending well; without the one that failed.
    public let stoppedRanks: [Int]
    /// The ranks that could not be killed and are left behind.
    public let abandonedRanks: [Int]
    /// What another rank has seen of the one that failed, as one line.
    public var observation: String?
}

extension JobOutcome {
    /// The exit code where a training was saved and ended before its time: the system's "try again later".
    public static let stoppedCode: Int32 = 75

    /// A job that a signal has stopped while no rank ran, or none that could be told of it.
    static func interrupted(by signal: Int32, at node: Int, abandoning abandoned: [Int] = []) -> JobOutcome {
        JobOutcome(
            ending: .interrupted(signal: signal, node: node), exitCode: 128 + signal, stoppedRanks: [],
            abandonedRanks: abandoned)
    }
}
