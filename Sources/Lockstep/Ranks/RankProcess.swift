import Foundation
import Launching
import RankProtocol
import Synchronization
import TorchDistributed

/// A process that a launcher of ours has started: it says how it goes, and ends at once when it has.
struct RankProcess {
    private let rank: Int
    private let channel: ControlChannel

    /// This process as the one that it is; nil where somebody else has started it.
    private static let current = Mutex<RankProcess?>(nil)

    /// Whether this process was started by a launcher of ours.
    static var isRunning: Bool { current.withLock { $0 != nil } }

    /// Nil where this process was started by somebody else.
    init?(environment: [String: String]) throws {
        let reason = StopReason()
        guard let own = try RankEnvironment(environment: environment),
            // SIGTERM follows the launcher's wish to stop, and ends this process.
            let channel = try ControlChannel(
                rank: own.rank, environment: environment, onSave: { StopRequest.make() },
                onStop: { text in reason.text.withLock { $0 = text } })
        else { return nil }
        rank = own.rank
        self.channel = channel
        Self.current.withLock { [self] in $0 = self }
        TerminationSignal.precede {
            let reason = reason.awaited
            // Somebody else than the launcher: all ranks save and stop together, if they can.
            if reason == nil, StopRequest.make() { return false }
            Self.stop(reason)
            return true
        }
        // The work ends without it, see `run`.
        atexit { RankProcess.reportExit() }
        channel.send(.started(pid: getpid()))
    }

    /// Why the launcher wants this process to stop.
    private final class StopReason: Sendable {
        let text = Mutex<String?>(nil)

        /// The reason, which the launcher sends just before its signal; nil where somebody else has sent that.
        var awaited: String? {
            let deadline = ContinuousClock.now.advanced(by: .milliseconds(100))
            while text.withLock({ $0 == nil }), ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.002) }
            return text.withLock { $0 }
        }
    }

    /// Tells the launcher that this process's training can be saved and ended at any time; nothing where there is none.
    static func announceSaving() {
        current.withLock { $0 }?.channel.send(.savesWhenAsked)
    }

    /// Runs the work of the rank, tells the launcher how it went, and ends the process.
    ///
    /// Nothing is torn down: other threads may still wait for ranks that never come.
    func run(_ work: () async throws -> Void) async -> Never {
        do {
            try await work()
            ProcessGroup.announceEnd(succeeded: true)
            channel.send(.finished)
            fflush(nil)
            _exit(0)
        } catch let stopped as TrainingStopped {
            ProcessGroup.announceEnd(succeeded: true)
            channel.send(.stopped(step: stopped.step))
            fflush(nil)
            _exit(JobOutcome.stoppedCode)
        } catch {
            ProcessGroup.announceEnd(succeeded: false)
            let isConsequence = (error as? DistributedError)?.isConsequence ?? false
            // What another rank's end has left undone says more of it than that it has ended.
            let holdUp = isConsequence ? Self.holdUp.map { "\($0)\n  " } ?? "" : ""
            let message = "\(error)"
            let failure = RankFailure(
                rank: rank, message: message.hasPrefix(holdUp) ? message : holdUp + message,
                isConsequence: isConsequence)
            channel.send(.failed(failure))
            fflush(nil)
            FlightRecording.current?.wait()
            _exit(1)
        }
    }

    /// Leaves a record of what this rank was doing when it was asked to end, and tells the launcher whom it waited for.
    private static func stop(_ reason: String?) {
        let recording = FlightRecording.current
        recording?.write("asked to end\(reason.map { ": \($0)" } ?? "")")
        if reason != nil, let process = current.withLock({ $0 }), let holdUp {
            let failure = RankFailure(rank: process.rank, message: holdUp, isConsequence: true)
            process.channel.send(.failed(failure))
        }
        ProcessGroup.announceEnd(succeeded: false)
        recording?.wait()
    }

    /// Which rank the others wait for, as one line.
    private static var holdUp: String? {
        // Asked once each: it may change between two questions, which a lazy sequence would ask.
        for group in ProcessGroup.all {
            if let holdUp = group.holdUp { return holdUp }
        }
        return nil
    }

    /// Tells the launcher that the program called `exit`, which it has no reason to do before its training has ended.
    private static func reportExit() {
        guard let process = current.withLock({ $0 }) else { return }
        let activity = ProcessGroup.all.first?.activity.map { ", \($0)" } ?? ""
        let message =
            "the program called exit\(activity), before its training had ended; the other ranks would wait for it. Let "
            + "train return, or throw an error, on all ranks alike."
        process.channel.send(.failed(RankFailure(rank: process.rank, message: message)))
    }
}
