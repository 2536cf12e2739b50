import CoreMetrics
import Foundation
import Synchronization
public import Tracking

/// Serves the latest numbers of a run, and all that the program counts with swift-metrics, to Prometheus: `GET /metrics`.
///
/// There are gauges `lockstep_step`, `lockstep_epoch` and one for each measurement under its name, such as
/// `lockstep_loss`; `lockstep_last_log_time_seconds`, from which one sees a training that stands still; `lockstep_run_info`
/// with the run's names as labels; and the counters `lockstep_samples_total` and `lockstep_dropped_points_total`, where
/// ``countSamples(of:_:)`` and ``countDrops(of:)`` say whose. The server listens on the loopback interface unless told
/// otherwise, and ends with the run.
///
/// ```swift
/// let endpoint = MetricsTracker(at: MetricsAddress(port: 9100))
/// let trackers = Trackers([CSVTracker(), endpoint]) { text in log.warning("\(text)") }
/// endpoint.countDrops(of: trackers)
/// ```
public final class MetricsTracker: Tracker {
    /// What is asked for at each scrape, since it changes without being logged.
    private final class ScrapedCounters: Sendable {
        private let families = Mutex<[@Sendable () -> String]>([])

        var text: String { families.withLock { $0 }.map { $0() }.joined() }

        func add(_ name: String, _ series: @escaping @Sendable () -> [(dimensions: [(String, String)], count: Int)]) {
            families.withLock { families in
                families.append {
                    let lines = series().map { "\(name)\(PrometheusText.labels($0.dimensions)) \($0.count)\n" }
                    return lines.isEmpty ? "" : "# TYPE \(name) counter\n" + lines.joined()
                }
            }
        }
    }

    private let address: MetricsAddress
    private let registry: MetricsRegistry
    private let server = Mutex<MetricsServer?>(nil)
    private let gauges = Mutex<[String: GaugeValue]>([:])
    private let counters = ScrapedCounters()

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
        counters.add("lockstep_dropped_points_total") { [weak trackers] in
            let counts = trackers?.droppedPointsByName ?? [:]
            return counts.sorted { $0.key < $1.key }.map { ([("tracker", $0.key)], $0.value) }
        }
    }

    /// Shows how many samples a rank has trained on, from which a server makes samples a second.
    ///
    /// - Parameters:
    ///   - rank: The rank.
    ///   - samples: Asked at each scrape, on the server's thread; nil once there is nothing to say any more.
    public func countSamples(of rank: Int, _ samples: @escaping @Sendable () -> Int?) {
        counters.add("lockstep_samples_total") {
            samples().map { [([("rank", "\(rank)")], $0)] } ?? []
        }
    }

    /// Listens.
    ///
    /// - Throws: `TrackingError` where the address cannot be listened at.
    public func start(_ run: TrackedRun) throws {
        if port == nil {
            let started = try MetricsServer(address) { [registry, counters] in registry.text + counters.text }
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

    private func set(_ name: String, to value: Double) {
        gauge("lockstep_\(name)").set(value)
    }
}
