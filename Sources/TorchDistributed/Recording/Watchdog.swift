import Foundation
import Torch

/// The thread that looks after a process group, ten times a second, until the group is gone.
///
/// It compares records, notices what other ranks have published, and ends the group; no step waits for it. Each group
/// has its own, so that one whose store or connections hang does not keep the others waiting.
enum Watchdog {
    private static let beat: TimeInterval = 0.1

    /// Looks after a group from now on.
    static func watch(_ group: ProcessGroup) {
        let watched = ProcessGroupReference(group)
        Thread.detachNewThread {
            nameThisThread("ranks-watchdog")
            while inspect(watched) { Thread.sleep(forTimeInterval: beat) }
        }
    }

    /// Looks at the group; false when it is gone.
    private static func inspect(_ watched: ProcessGroupReference) -> Bool {
        guard let group = watched.group else { return false }
        group.inspect()
        return true
    }
}
