import Synchronization

/// The groups that this process belongs to, and who is told when one of them fails.
enum GroupsOfThisProcess {
    private struct State {
        var groups: [ProcessGroupReference] = []
        var observer: (@Sendable (String) -> Void)?
    }
    private static let state = Mutex(State())

    static func add(_ group: ProcessGroup) {
        let added = ProcessGroupReference(group)
        state.withLock { state in
            state.groups.removeAll { $0.group == nil }
            state.groups.append(added)
        }
    }

    /// The groups that are left, in the order in which they were made.
    static var all: [ProcessGroup] { state.withLock { $0.groups }.compactMap(\.group) }

    static func observe(_ observer: (@Sendable (String) -> Void)?) {
        state.withLock { $0.observer = observer }
    }

    static func tellFailure(_ message: String) {
        state.withLock { $0.observer }?(message)
    }
}

extension ProcessGroup {
    /// All groups that this process belongs to.
    package static var all: [ProcessGroup] { GroupsOfThisProcess.all }

    /// Calls `observer` with the reason when a group of this process fails, from then on; nil for nobody.
    ///
    /// It is called on whatever thread finds out, before the group's connections are closed, and must not take long.
    package static func observeFailures(_ observer: (@Sendable (_ reason: String) -> Void)?) {
        GroupsOfThisProcess.observe(observer)
    }

    /// Tells the other ranks of all groups that this process ends now, and whether its work is done.
    package static func announceEnd(succeeded: Bool) {
        PagesOfThisProcess.end(succeeded ? .finished : .failed)
    }

    /// What this rank has said last that it does.
    package var activity: String? { recorder.page.activity?.text }

    /// Which rank the others wait for or waited for when the group failed, as one line; nil where there is none.
    ///
    /// `all-reduce #7 (bucket 0, 25.6 MB float32): waiting: ranks 0, 1, 3; rank 2 last completed #6, never entered #7; …`
    package var holdUp: String? {
        // An error that is no consequence says by itself whom the ranks waited for, if they did.
        failure?.isConsequence == false || recorder.knowsCause ? nil : recorder.holdUp
    }
}
