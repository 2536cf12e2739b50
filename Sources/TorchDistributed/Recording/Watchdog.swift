import Foundation
import Synchronization
import Torch

/// The thread that looks after all process groups of this process, ten times a second.
///
/// It compares records, notices what other ranks have published, and ends groups; no step waits for it.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    private static let beat: TimeInterval = 0.1

    private struct State {
        var groups: [WeakGroup] = []
        var isRunning = false
    }

    private struct WeakGroup {
        weak var group: ProcessGroup?
    }

    private let state = Mutex(State())

    /// Looks after a group until it is gone.
    func watch(_ group: ProcessGroup) {
        let mustStart = state.withLock { state in
            state.groups.append(WeakGroup(group: group))
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        Thread.detachNewThread { [self] in
            nameThisThread("ranks-watchdog")
            while inspectAll() { Thread.sleep(forTimeInterval: Self.beat) }
        }
    }

    /// Looks at every group; false when there is none left.
    private func inspectAll() -> Bool {
        let groups: [ProcessGroup]? = state.withLock { state in
            state.groups.removeAll { $0.group == nil }
            guard !state.groups.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.groups.compactMap(\.group)
        }
        guard let groups else { return false }
        for group in groups { group.inspect() }
        return true
    }
}
