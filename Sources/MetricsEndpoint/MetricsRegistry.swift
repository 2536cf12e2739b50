public import CoreMetrics
import Synchronization

/// All numbers of this process that operators may read: a factory for swift-metrics, and their text for Prometheus.
///
/// Counters are counters, meters and recorders that do not aggregate are gauges, timers and other recorders are summaries
/// of count and sum, a timer's in seconds. Names and labels become what Prometheus takes: other characters become `_`.
public final class MetricsRegistry: MetricsFactory, Sendable {
    /// The registry that is swift-metrics' factory in this process, unless the program has installed another one before.
    public static let shared: MetricsRegistry = {
        let registry = MetricsRegistry()
        // A factory can be installed only once.
        if MetricsSystem.factory is NOOPMetricsHandler { MetricsSystem.bootstrap(registry) }
        return registry
    }()

    private struct Family {
        let kind: Kind
        var series: [(labels: String, value: any Sendable & AnyObject)] = []
    }

    private enum Kind: String { case counter, gauge, summary }

    private let families = Mutex<[String: Family]>([:])

    /// A registry without numbers.
    public init() {}

    /// A counter, the same for the same label and dimensions.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        value(label, dimensions, .counter, CounterValue.init)
    }

    /// A counter of fractions, the same for the same label and dimensions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        value(label, dimensions, .counter, CounterValue.init)
    }

    /// A gauge, the same for the same label and dimensions.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A summary, or a gauge where nothing is aggregated; the same for the same label and dimensions.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? value(label, dimensions, .summary, SummaryValue.init) : gauge(label, dimensions)
    }

    /// A summary in seconds, the same for the same label and dimensions.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        value(label, dimensions, .summary, SummaryValue.init)
    }

    /// Removes a counter.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Removes a counter of fractions.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    /// Removes a gauge.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Removes a summary or gauge.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Removes a summary.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: Finding

    func gauge(_ label: String, _ dimensions: [(String, String)] = []) -> GaugeValue {
        value(label, dimensions, .gauge, GaugeValue.init)
    }

    private func value<Value: Sendable & AnyObject>(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> Value
    ) -> Value {
        let labels = PrometheusText.labels(dimensions)
        return families.withLock { families in
            var name = PrometheusText.name(label)
            // A name has one kind.
            if let other = families[name], other.kind != kind { name += "_\(kind.rawValue)" }
            var family = families[name] ?? Family(kind: kind)
            if let found = family.series.first(where: { $0.labels == labels })?.value as? Value { return found }
            let new = make()
            family.series.append((labels, new))
            families[name] = family
            return new
        }
    }

    func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, var family) in families {
                guard let index = family.series.firstIndex(where: { $0.value === handler }) else { continue }
                family.series.remove(at: index)
                families[name] = family.series.isEmpty ? nil : family
            }
        }
    }

    // MARK: Text

    /// All numbers in Prometheus' text format 0.0.4, in the order of their names.
    public var text: String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, value) in family.series.sorted(by: { $0.labels < $1.labels }) {
                switch value {
                case let counter as CounterValue: text += line(name, labels, counter.value)
                case let gauge as GaugeValue: text += line(name, labels, gauge.value)
                case let summary as SummaryValue:
                    let (count, sum) = summary.value
                    text += line("\(name)_sum", labels, sum) + line("\(name)_count", labels, Double(count))
                default: break
                }
            }
        }
        return text
    }

    private func line(_ name: String, _ labels: String, _ value: Double) -> String {
        "\(name)\(labels) \(PrometheusText.number(value))\n"
    }
}
