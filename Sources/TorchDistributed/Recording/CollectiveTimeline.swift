import CTorch
import Dispatch
import Synchronization

/// When collectives began and ended on this rank, while somebody wants to know.
package final class CollectiveTimeline: Sendable {
    /// One collective; moments are nanoseconds of the system's clock that does not stop.
    package struct Entry: Sendable {
        /// Such as `all-reduce #7 (bucket 0, 25.6 MB float32)`.
        package let name: String
        package let begin: UInt64
        package let end: UInt64
    }

    private struct State {
        var pending: [UInt64: (name: String, begin: UInt64)] = [:]
        var entries: [Entry] = []
    }

    private let isOn = Atomic<Bool>(false)
    private let state = Mutex(State())

    /// Notes collectives from now on.
    package func begin() { isOn.store(true, ordering: .relaxed) }

    /// Notes no more, and gives the collectives that have ended meanwhile.
    package func end() -> [Entry] {
        isOn.store(false, ordering: .relaxed)
        return state.withLock { state in
            defer { state = State() }
            return state.entries
        }
    }

    func enter(_ collective: ct_collective) {
        guard isOn.load(ordering: .relaxed), let record = CollectiveRecord(collective) else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        state.withLock { $0.pending[collective.sequence] = (record.summary, now) }
    }

    func leave(_ sequence: UInt64) {
        guard isOn.load(ordering: .relaxed) else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        state.withLock { state in
            guard let (name, begin) = state.pending.removeValue(forKey: sequence) else { return }
            state.entries.append(Entry(name: name, begin: begin, end: now))
        }
    }
}
