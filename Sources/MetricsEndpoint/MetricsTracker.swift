import CoreMetrics
import Foundation
import Synchronization
public import Tracking

/// Serves the latest numbers of a run, and all that the program counts with swift-metrics, to Prometheus: `GET /metrics`.
///
/// There are gauges `lockstep_step`, `lockstep_epoch` and one for each measurement under its name, such as
/// `lockstep_loss`; `lockstep_last_log_time_seconds`, from which one sees a training that stands still; `lockstep_run_info`
/// with the run's names as labels; and the counter `lockstep_dropped_points_total` for each tracker. The server listens on
/// the loopback interface unless told otherwise, and ends with the run.
///
/// ```swift
/// let endpoint = MetricsTracker(at: MetricsAddress(port: 9100))
/// let trackers = Trackers([CSVTracker(), endpoint]) { text in log.warning("\(text)") }
/// endpoint.countDrops(of: trackers)
/// ```
public final class MetricsTracker: Tracker {
    /// Whose drops are shown.
    private final class DropSource: Sendable {
        private struct Reference {
            weak var trackers: Trackers?
        }
        private let reference = Mutex(Reference())

        var trackers: Trackers? {
            get { reference.withLock { $0.trackers } }
            set { reference.withLock { $0.trackers = newValue } }
        }
    }

    private let address: MetricsAddress
    private let registry: MetricsRegistry
    private let server = Mutex<MetricsServer?>(nil)
    private let gauges = Mutex<[String: GaugeValue]>([:])
    private let drops = DropSource()

    /// A tracker that starts with the run.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - registry: Where the numbers are; those of swift-metrics in this process if nil.
    public init(at address: MetricsAddress, registry: MetricsRegistry? = nil) {
        self.address = address
        self.registry = registry ?? .shared
    }

    /// How it is called in notices.
    public var name: String { "The metrics endpoint" }

    /// The port that it listens on; nil before the start and after the end.
    public var port: Int? { server.withLock { $0?.port } }

    /// Shows how many points the trackers of a run were not given.
    public func countDrops(of trackers: Trackers) {
        drops.trackers = trackers
    }

    /// Sets the gauge `lockstep_<name>`, for numbers that are not logged, such as `samples_per_second`.
    public func set(_ name: String, to value: Double) {
        gauge("lockstep_\(name)").set(value)
    }

    /// Listens.
    ///
    /// - Throws: `TrackingError` where the address cannot be listened at.
    public func start(_ run: TrackedRun) throws {
        if port == nil {
            let started = try MetricsServer(address) { [registry, drops] in
                registry.text + Self.dropText(drops.trackers)
            }
            server.withLock { $0 = started }
        }
        gauge("lockstep_run_info", [("program", run.program), ("project", run.project), ("run", run.name)]).set(1.0)
        gauge("lockstep_start_time_seconds").set(run.start.timeIntervalSince1970)
        if let step = run.resumedAfter { set("step", to: Double(step)) }
    }

    /// Shows the numbers of the points.
    public func log(_ points: [TrackedPoint]) {
        for point in points {
            set("step", to: Double(point.step))
            if let epoch = point.record["epoch"]?.doubleValue { set("epoch", to: epoch) }
            set("last_log_time_seconds", to: point.time)
            for (name, value) in point.measurements { set(name, to: value) }
        }
    }

    /// Shows the step.
    public func goBack(to step: Int) {
        set("step", to: Double(step))
    }

    /// Stops listening, and removes the run's numbers.
    public func finish(_ outcome: TrackedOutcome) {
        server.withLock { server in
            defer { server = nil }
            return server
        }?.close()
        let gauges = gauges.withLock { gauges in
            defer { gauges = [:] }
            return gauges
        }
        for gauge in gauges.values { registry.remove(gauge) }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> GaugeValue {
        gauges.withLock { gauges in
            if let gauge = gauges[label] { return gauge }
            let gauge = registry.gauge(label, dimensions)
            gauges[label] = gauge
            return gauge
        }
    }

    private static func dropText(_ trackers: Trackers?) -> String {
        guard let counts = trackers?.droppedPointsByName, !counts.isEmpty else { return "" }
        let name = "lockstep_dropped_points_total"
        return "# TYPE \(name) counter\n"
            + counts.sorted { $0.key < $1.key }.map { tracker, count in
                "\(name)\(PrometheusText.labels([("tracker", tracker)])) \(count)\n"
            }.joined()
    }
}
