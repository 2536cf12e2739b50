import Dispatch
import Foundation
import Synchronization

/// What waits for one tracker, and what its thread and the training say to each other.
final class TrackerQueue: Sendable {
    /// What a tracker is told, in its order.
    enum Event: Sendable {
        case start(TrackedRun)
        case points([TrackedPoint])
        case goBack(Int)
        case finish(TrackedOutcome)
    }

    private struct State {
        var events: [Event] = []
        /// Points behind `events`, where they go in pieces, so that no array that has to grow is large.
        var piece: [TrackedPoint] = []
        /// Points in the two above and those that the thread has taken and not yet delivered.
        var waitingPoints = 0
        var droppedPoints = 0
        var hasToldOfDrops = false
        var isThreadAsleep = false
        var hasHurried = false
        var isFinishing = false
        var isAbandoned = false

        var isBeginning: Bool { if case .start? = events.first { true } else { false } }

        var isEmpty: Bool { events.isEmpty && piece.isEmpty }

        mutating func endPiece() {
            if piece.isEmpty { return }
            events.append(.points(piece))
            piece = []
        }
    }

    let name: String
    let limits: TrackerLimits
    let notice: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let end = DispatchGroup()

    init(_ tracker: any Tracker, _ limits: TrackerLimits, _ notice: @escaping @Sendable (String) -> Void) {
        name = tracker.name
        self.limits = limits
        self.notice = notice
        end.enter()
        let thread = Thread { [self] in
            var worker = TrackerWorker(tracker, self)
            worker.work()
            end.leave()
        }
        thread.name = "tracker"
        thread.start()
    }

    // MARK: The training's side

    /// Adds a point, or drops it.
    func add(_ point: TrackedPoint) {
        var isFirstDrop = false
        let isSleeping = state.withLock { state in
            if state.isFinishing { return false }
            guard state.waitingPoints < limits.waitingPoints else {
                state.droppedPoints += 1
                isFirstDrop = !state.hasToldOfDrops
                state.hasToldOfDrops = true
                return false
            }
            state.waitingPoints += 1
            state.piece.append(point)
            if state.piece.count >= limits.pointsPerCall { state.endPiece() }
            // A thread that gathers is told of a queue that fills up, once.
            let isHurried = !state.hasHurried && state.waitingPoints * 2 >= limits.waitingPoints
            if isHurried { state.hasHurried = true }
            defer { state.isThreadAsleep = false }
            return state.isThreadAsleep || isHurried
        }
        if isSleeping { wake.signal() }
        if isFirstDrop { tellOfDrops() }
    }

    /// Adds something that is never dropped.
    func add(_ event: Event) {
        let isSleeping = state.withLock { state in
            if state.isFinishing { return false }
            state.endPiece()
            state.events.append(event)
            defer { state.isThreadAsleep = false }
            return state.isThreadAsleep
        }
        if isSleeping { wake.signal() }
    }

    /// Nothing follows but this.
    func finish(_ outcome: TrackedOutcome) {
        state.withLock { state in
            if state.isFinishing { return }
            state.endPiece()
            state.events.append(.finish(outcome))
            state.isFinishing = true
        }
        wake.signal()
    }

    /// Waits until the thread has ended; says what was not delivered where it has not in time.
    func awaitEnd(until deadline: ContinuousClock.Instant) {
        let rest = max(.zero, ContinuousClock.now.duration(to: deadline))
        if end.wait(timeout: .now() + rest.dispatchInterval) == .success { return }
        let (waiting, dropped, isFirst) = state.withLock { state in
            defer { state.isAbandoned = true }
            return (state.waitingPoints, state.droppedPoints, !state.isAbandoned)
        }
        guard isFirst else { return }
        notice(
            "\(name) was not done in time when the run ended: \(waiting) points did not reach it for sure"
                + (dropped > 0 ? ", and \(dropped) were left out before. " : ". ")
                + "The run's metrics.jsonl has them all.")
    }

    /// Nobody is interested any more.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            state.isFinishing = true
        }
        wake.signal()
    }

    var droppedPoints: Int { state.withLock { $0.droppedPoints } }

    private func tellOfDrops() {
        let text =
            "\(name) does not keep up: \(limits.waitingPoints) points wait for it, and further ones are left out there. "
            + "The run's metrics.jsonl has them all."
        // Whoever shows the notice may take longer than the training can wait.
        DispatchQueue.global(qos: .utility).async { [notice] in notice(text) }
    }

    // MARK: The thread's side

    var isFinishing: Bool { state.withLock { $0.isFinishing } }
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// Waits for events, then a while for more; nil when there is nobody to bring any.
    func take() -> [Event]? {
        while true {
            let isEmpty = state.withLock { state in
                state.isThreadAsleep = state.isEmpty && !state.isFinishing
                return state.isThreadAsleep
            }
            if !isEmpty { break }
            wake.wait()
        }
        pause(limits.gathering) { $0.hasHurried || $0.isBeginning }
        return state.withLock { state in
            state.hasHurried = false
            if state.isAbandoned { return nil }
            state.endPiece()
            defer { state.events = [] }
            return state.events
        }
    }

    /// Lets the tracker alone for a while, or until the run ends.
    func pause(_ time: Duration) { pause(time) { _ in false } }

    private func pause(_ time: Duration, unless isOver: (borrowing State) -> Bool) {
        let deadline = ContinuousClock.now.advanced(by: time)
        while !state.withLock({ $0.isFinishing || isOver($0) }) {
            let rest = ContinuousClock.now.duration(to: deadline)
            if rest <= .zero || wake.wait(timeout: .now() + rest.dispatchInterval) == .timedOut { return }
        }
    }

    /// The tracker has these points.
    func delivered(_ count: Int) {
        state.withLock { $0.waitingPoints -= count }
    }

    /// The tracker will not get these points, or none of those that wait if nil.
    ///
    /// - Returns: How many points it was not given in all.
    func lose(_ count: Int?) -> Int {
        state.withLock { state in
            let count = count ?? state.waitingPoints
            state.waitingPoints -= count
            state.droppedPoints += count
            return state.droppedPoints
        }
    }
}
