import Foundation
import Synchronization

/// All trackers of a run: what the training calls.
///
/// No call but ``finish(_:within:)`` waits. Each tracker has a bounded queue and a thread of its own, so one that is slow,
/// or whose server is dead, holds up neither the training nor the other trackers: its points wait, and when too many do,
/// further ones are dropped for it and counted. A tracker that throws is tried again after a second, two, four and so on
/// up to a minute.
///
/// Only one process of a training, the main one, may have trackers.
///
/// ```swift
/// let trackers = Trackers([CSVTracker(), TensorBoardTracker()]) { text in log.warning("\(text)") }
/// trackers.start(TrackedRun(program: "toy", folder: folder.path, configuration: configuration))
/// trackers.log(["step": 100, "epoch": 1, "loss": 0.25])
/// trackers.goBack(to: 50)
/// trackers.finish(.finished)
/// ```
public final class Trackers: Sendable {
    private let queues: [TrackerQueue]
    private let lastStep = Atomic(0)

    /// Takes trackers, each of which gets a thread.
    ///
    /// - Parameters:
    ///   - trackers: The trackers.
    ///   - limits: How much they may keep in memory, and how long they may take.
    ///   - onNotice: Called on threads of the trackers with what people should know: the first error of a tracker, the
    ///     first point that is dropped, and at the end how many were.
    public init(
        _ trackers: [any Tracker], limits: TrackerLimits = TrackerLimits(),
        onNotice: @escaping @Sendable (String) -> Void
    ) {
        queues = trackers.map { TrackerQueue($0, limits, onNotice) }
    }

    deinit {
        for queue in queues { queue.abandon() }
    }

    /// Whether there is nothing to call.
    public var isEmpty: Bool { queues.isEmpty }

    /// A run begins, or goes on.
    ///
    /// Call it once, before all others.
    public func start(_ run: TrackedRun) {
        if let step = run.resumedAfter { lastStep.store(step, ordering: .relaxed) }
        for queue in queues { queue.add(.start(run)) }
    }

    /// Adds a record, which has a `step`, or else belongs to that of the record before it.
    ///
    /// - Parameters:
    ///   - record: A line of `metrics.jsonl`.
    ///   - time: When that was, in seconds since 1970; now if nil.
    public func log(_ record: MetricsRecord, at time: Double? = nil) {
        if queues.isEmpty { return }
        let step: Int
        if case .integer(let own)? = record["step"] {
            step = own
            lastStep.store(own, ordering: .relaxed)
        } else {
            step = lastStep.load(ordering: .relaxed)
        }
        let point = TrackedPoint(record, time: time ?? Self.now, step: step)
        for queue in queues { queue.add(point) }
    }

    /// The run goes back to where it was after a step: what follows replaces what was logged for later steps.
    public func goBack(to step: Int) {
        lastStep.store(step, ordering: .relaxed)
        for queue in queues { queue.add(.goBack(step)) }
    }

    /// The run has ended: waits until all trackers have what was logged, or the time is over.
    ///
    /// A tracker that fails now is not tried again, so a dead server costs one attempt. One that is not done in time is
    /// left behind: it can go on, but its process need not wait for it. A second call does nothing.
    ///
    /// - Parameters:
    ///   - outcome: How it ended.
    ///   - time: How long to wait at most, for all trackers together.
    public func finish(_ outcome: TrackedOutcome, within time: Duration = .seconds(10)) {
        let deadline = ContinuousClock.now.advanced(by: time)
        for queue in queues { queue.finish(outcome) }
        for queue in queues { queue.awaitEnd(until: deadline) }
    }

    /// How many points no tracker was or will be given, summed over the trackers.
    public var droppedPoints: Int { queues.reduce(0) { $0 + $1.droppedPoints } }

    /// The same as ``droppedPoints`` by each tracker's name.
    public var droppedPointsByName: [String: Int] {
        Dictionary(queues.map { ($0.name, $0.droppedPoints) }, uniquingKeysWith: +)
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
