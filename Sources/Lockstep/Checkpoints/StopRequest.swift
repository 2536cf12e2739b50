import Glibc
import Synchronization

/// Whether somebody asks this training to save itself and end: the launcher, or a signal to this process.
///
/// SIGUSR1 is what job schedulers send some time before they end a job. SIGTERM counts where nobody else handles it: the
/// ranks of our launcher tell by themselves whether it is the launcher's.
enum StopRequest {
    /// Whether there was one.
    static var isMade: Bool { requests.load(ordering: .relaxed) > 0 }

    /// Asks, if this training can be saved and was not asked before.
    ///
    /// - Returns: whether it was asked now.
    @discardableResult
    static func make() -> Bool {
        isHeard.load(ordering: .relaxed) && requests.wrappingAdd(1, ordering: .relaxed).oldValue == 0
    }

    /// From now on requests are heard; a second signal ends the process as it would without this.
    static func listen(to signals: [Int32]) {
        isHeard.store(true, ordering: .relaxed)
        for number in signals {
            signal(number) { number in
                if requests.wrappingAdd(1, ordering: .relaxed).oldValue > 0 {
                    signal(number, SIG_DFL)
                    raise(number)
                }
            }
        }
    }
}

// Read and written in the signals' handler.
private let requests = Atomic<Int>(0)
private let isHeard = Atomic<Bool>(false)

/// A training that has saved itself and ended before its time, because it was asked to.
public struct TrainingStopped: Error, CustomStringConvertible, Sendable {
    /// The last step, which the newest checkpoint has.
    public let step: Int

    /// What happened, and how to go on.
    public var description: String {
        "the training was asked to stop: step \(step) is saved. Go on with --resume latest and the same run directory."
    }
}
