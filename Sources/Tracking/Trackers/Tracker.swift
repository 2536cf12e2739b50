/// Where a run's numbers go besides `metrics.jsonl`: a table, a folder of event files, a server.
///
/// ``Trackers`` calls a tracker on a thread that is the tracker's own, one call at a time, so it may take its time and
/// need not be safe for use by several threads at once. A call that throws is made again later, with the same arguments:
/// what it had done of them before it threw must not count twice.
///
/// ```swift
/// struct ConsoleTracker: Tracker {
///     var name: String { "the console" }
///     mutating func start(_ run: TrackedRun) { print("run", run.name) }
///     mutating func log(_ points: [TrackedPoint]) { for point in points { print(point.step, point.record) } }
///     mutating func goBack(to step: Int) { print("back to", step) }
///     mutating func finish(_ outcome: TrackedOutcome) { print(outcome) }
/// }
/// ```
public protocol Tracker: Sendable {
    /// How the tracker is called in notices, such as `TensorBoard`.
    var name: String { get }

    /// A run begins, or goes on after a step of an earlier start.
    mutating func start(_ run: TrackedRun) throws

    /// Points that were logged, the oldest first.
    ///
    /// - Throws: an error whose code is ``TrackingError/Code/pointsRefused`` where trying again is of no use; the points
    ///   are then left out.
    mutating func log(_ points: [TrackedPoint]) throws

    /// The run goes back to where it was after a step: what was logged for later steps is replaced by what follows.
    mutating func goBack(to step: Int) throws

    /// The run has ended; no call follows.
    mutating func finish(_ outcome: TrackedOutcome) throws
}
