import CTorch
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
        GroupsOfThisProcess.add(group)
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
        if group.failure == nil { group.recorder.probe { group.closedConnections } }
        return true
    }
}

extension ProcessGroup {
    /// The ranks whose connections are closed; it may take as long as the backend holds its locks.
    fileprivate var closedConnections: [Int] {
        var ranks = [Int32](repeating: 0, count: worldSize)
        let count = ct_group_closed_connections(handle, &ranks, Int32(worldSize))
        return ranks.prefix(Int(count)).map(Int.init)
    }
}
