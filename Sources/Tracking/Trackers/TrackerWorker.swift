/// What a tracker's thread does.
struct TrackerWorker {
    private var tracker: any Tracker
    private let queue: TrackerQueue
    private var failures = 0
    private var hasToldOfFailure = false
    private var hasToldOfRefusal = false

    init(_ tracker: any Tracker, _ queue: TrackerQueue) {
        self.tracker = tracker
        self.queue = queue
    }

    /// Gives the tracker all that is in the queue, until the run ends.
    mutating func work() {
        while let events = queue.take() {
            for event in events {
                guard deliver(event) else { return giveUp() }
                if case .finish = event {
                    tellOfLosses(queue.droppedPoints)
                    return
                }
            }
        }
    }

    /// Tries until the tracker has taken the event, or will never take it; false where it has not and the run has ended.
    private mutating func deliver(_ event: TrackerQueue.Event) -> Bool {
        while true {
            if queue.isAbandoned { return false }
            let isLastAttempt = queue.isFinishing
            do {
                try perform(event)
                failures = 0
                if case .points(let points) = event { queue.delivered(points.count) }
                return true
            } catch let error as TrackingError where error.code == .pointsRefused {
                failures = 0
                if case .points(let points) = event { _ = queue.lose(points.count) }
                if !hasToldOfRefusal { queue.notice("\(queue.name) refuses what it is given: \(error)") }
                hasToldOfRefusal = true
                return true
            } catch {
                if !hasToldOfFailure {
                    queue.notice(
                        isLastAttempt
                            ? "\(queue.name) failed when the run ended: \(error)"
                            : "\(queue.name) failed, and will be tried again while the run goes on: \(error)")
                }
                hasToldOfFailure = true
                if isLastAttempt { return false }
                queue.pause(pause(after: failures))
                failures += 1
            }
        }
    }

    private mutating func perform(_ event: TrackerQueue.Event) throws {
        switch event {
        case .start(let run): try tracker.start(run)
        case .points(let points): try tracker.log(points)
        case .goBack(let step): try tracker.goBack(to: step)
        case .finish(let outcome): try tracker.finish(outcome)
        }
    }

    private func pause(after failures: Int) -> Duration {
        min(queue.limits.longestPause, queue.limits.firstPause * (1 << min(failures, 20)))
    }

    private func giveUp() {
        if queue.isAbandoned { return }
        tellOfLosses(queue.lose(nil))
    }

    private func tellOfLosses(_ count: Int) {
        if count == 0 { return }
        queue.notice(
            "\(queue.name) lacks \(count) \(count == 1 ? "point" : "points") of this run. "
                + "The run's metrics.jsonl has them all.")
    }
}
