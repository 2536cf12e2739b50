import CTorch
import Foundation
import Synchronization

/// What stands between c10d's calls and a group that may be gone.
///
/// Calls come from c10d's threads too. Those never hold the group: the last reference to it ends those very threads.
final class ObserverLink: Sendable {
    private struct Target {
        var recorder: FlightRecorder?
        weak var group: ProcessGroup?
    }
    private let target = Mutex(Target())

    /// Passes on what is observed from now on.
    func connect(_ group: ProcessGroup) {
        target.withLock { $0 = Target(recorder: group.recorder, group: group) }
    }

    /// The observer as c10d's side takes it, which owns this object from then on; ask once.
    func observer() -> ct_observer {
        ct_observer(
            context: Unmanaged.passRetained(self).toOpaque(),
            entered: { context, collective in
                guard let link = ObserverLink.from(context), let recorder = link.target.withLock({ $0.recorder }),
                    let error = recorder.enter(collective.pointee)
                else { return nil }
                // A call in the wrong place concerns this rank alone; a difference concerns all. Whoever starts a
                // collective holds the group.
                if error.code == .collectivesDiffer { link.target.withLock { $0.group }?.abort(error) }
                return strdup(error.message)
            },
            left: { context, sequence, error in
                let recorder = ObserverLink.from(context)?.target.withLock { $0.recorder }
                recorder?.leave(sequence, error: error.map { String(cString: $0) })
            },
            released: { context in
                guard let context else { return }
                Unmanaged<ObserverLink>.fromOpaque(context).release()
            })
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ObserverLink? {
        context.map { Unmanaged<ObserverLink>.fromOpaque($0).takeUnretainedValue() }
    }
}
