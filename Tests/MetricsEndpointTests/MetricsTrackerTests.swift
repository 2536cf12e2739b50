import Foundation
import FoundationNetworking
import Metrics
import Synchronization
import Testing
import Tracking

@testable import MetricsEndpoint

@Suite("Operators scrape a run's numbers")
struct MetricsTrackerTests {
    private static let run = TrackedRun(
        program: "toy", project: "a \"project\"", folder: "/runs/toy-1",
        start: Date(timeIntervalSince1970: 1_700_000_000))

    /// Asks the server; the status, the content type and the text.
    private func get(_ port: Int, _ path: String, method: String = "GET") async throws -> (Int, String, String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        var request = URLRequest(url: url)
        request.httpMethod = method
        let session = URLSession(configuration: .ephemeral)
        defer { session.finishTasksAndInvalidate() }
        let (data, response) = try await session.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return (
            http.statusCode, http.value(forHTTPHeaderField: "Content-Type") ?? "", String(decoding: data, as: UTF8.self)
        )
    }

    @Test("the latest numbers and the program's own are there while the run goes on, and gone at its end")
    func scrape() async throws {
        let registry = MetricsRegistry()
        Counter(label: "my.counter", dimensions: [("kind", "a\\b\n")], factory: registry).increment(by: 3)
        Metrics.Timer(label: "my timer", factory: registry).recordMilliseconds(1500)
        let tracker = MetricsTracker(at: MetricsAddress(port: 0), registry: registry)
        try tracker.start(Self.run)
        let port = try #require(tracker.port)
        tracker.log([
            TrackedPoint(["step": 1, "epoch": 0, "loss": 2], time: 10, step: 1),
            TrackedPoint(
                ["step": 2, "epoch": 1, "loss": .number(.nan), "learning rate": 0.25], time: 1_700_000_005.5, step: 2),
        ])
        let samples = Mutex<Int?>(96)
        tracker.countSamples(of: 3) { samples.withLock { $0 } }
        let (status, type, text) = try await get(port, "/metrics")
        #expect(status == 200 && type == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            text == """
                # TYPE lockstep_epoch gauge
                lockstep_epoch 1
                # TYPE lockstep_last_log_time_seconds gauge
                lockstep_last_log_time_seconds 1700000005.5
                # TYPE lockstep_learning_rate gauge
                lockstep_learning_rate 0.25
                # TYPE lockstep_loss gauge
                lockstep_loss NaN
                # TYPE lockstep_run_info gauge
                lockstep_run_info{program="toy",project="a \\"project\\"",run="toy-1"} 1
                # TYPE lockstep_start_time_seconds gauge
                lockstep_start_time_seconds 1700000000
                # TYPE lockstep_step gauge
                lockstep_step 2
                # TYPE my_counter counter
                my_counter{kind="a\\\\b\\n"} 3
                # TYPE my_timer summary
                my_timer_sum 1.5
                my_timer_count 1
                # TYPE lockstep_samples_total counter
                lockstep_samples_total{rank="3"} 96

                """)
        samples.withLock { $0 = 128 }
        #expect(try await get(port, "/metrics").2.hasSuffix("\nlockstep_samples_total{rank=\"3\"} 128\n"))
        samples.withLock { $0 = nil }
        #expect(try await !get(port, "/metrics").2.contains("samples_total"))
        #expect(try await get(port, "/").0 == 404)
        #expect(try await get(port, "/metrics", method: "POST").0 == 405)
        #expect(try await get(port, "/metrics?x=1").0 == 200)

        tracker.finish(.finished)
        #expect(tracker.port == nil)
        await #expect(throws: URLError.self) { try await get(port, "/metrics") }
        #expect(registry.text.split(separator: "\n").allSatisfy { $0.contains("my_") })
    }

    @Test("the points that trackers were not given are counted")
    func drops() async throws {
        struct RefusingTracker: Tracker {
            var name: String { "The refuser" }
            func start(_ run: TrackedRun) {}
            func log(_ points: [TrackedPoint]) throws { throw TrackingError(.pointsRefused, "no") }
            func goBack(to step: Int) {}
            func finish(_ outcome: TrackedOutcome) {}
        }
        let endpoint = MetricsTracker(at: MetricsAddress(port: 0), registry: MetricsRegistry())
        var limits = TrackerLimits()
        limits.gathering = .zero
        let trackers = Trackers([RefusingTracker(), endpoint], limits: limits) { _ in }
        endpoint.countDrops(of: trackers)
        trackers.start(Self.run)
        for _ in 0..<5 { trackers.log(["step": 1]) }
        while trackers.droppedPoints < 5 || endpoint.port == nil { await Task.yield() }
        let text = try await get(try #require(endpoint.port), "/metrics").2
        #expect(text.contains("lockstep_dropped_points_total{tracker=\"The refuser\"} 5\n"))
        #expect(text.contains("lockstep_dropped_points_total{tracker=\"The metrics endpoint\"} 0\n"))
        trackers.finish(.finished)
    }

    @Test("the shared registry is swift-metrics' own, so a program's counters appear")
    func shared() throws {
        let registry = MetricsRegistry.shared
        let counter = Counter(label: "program_counter_of_a_test")
        counter.increment(by: 2)
        #expect(registry.text.contains("program_counter_of_a_test 2\n"))
        counter.destroy()
        #expect(!registry.text.contains("program_counter_of_a_test"))
    }

    @Test("a port that is taken is an error that says so")
    func taken() throws {
        let first = MetricsTracker(at: MetricsAddress(port: 0), registry: MetricsRegistry())
        try first.start(Self.run)
        let port = try #require(first.port)
        let second = MetricsTracker(at: MetricsAddress(port: port), registry: MetricsRegistry())
        let error = try #require(throws: TrackingError.self) { try second.start(Self.run) }
        #expect(error.code == .serverUnavailable && error.message.contains("127.0.0.1:\(port)"))
        first.finish(.finished)
        try second.start(Self.run)
        second.finish(.finished)
    }

    @Test("handlers of one label are one number, and one name has one kind")
    func kinds() {
        let registry = MetricsRegistry()
        Counter(label: "a", factory: registry).increment()
        Counter(label: "a", factory: registry).increment()
        FloatingPointCounter(label: "a", factory: registry).increment(by: 0.5)
        Meter(label: "a", factory: registry).set(7)
        Gauge(label: "9 lives", factory: registry).record(-1)
        Recorder(label: "r", factory: registry).record(4)
        #expect(
            registry.text == """
                # TYPE _9_lives gauge
                _9_lives -1
                # TYPE a counter
                a 2.5
                # TYPE a_gauge gauge
                a_gauge 7
                # TYPE r summary
                r_sum 4
                r_count 1

                """)
    }

    @Test(
        "an address is a port, or an address and a port",
        arguments: [
            ("9100", "127.0.0.1", 9100), (":9100", "127.0.0.1", 9100), ("0.0.0.0:0", "0.0.0.0", 0),
            ("localhost:80", "localhost", 80), ("[::1]:9100", "::1", 9100),
        ])
    func address(_ text: String, _ host: String, _ port: Int) throws {
        #expect(try MetricsAddress(text) == MetricsAddress(host: host, port: port))
    }

    @Test("what is no address is refused", arguments: ["", "x", "1:2:3", "host:", "70000", "-1", "::1"])
    func noAddress(_ text: String) throws {
        let error = try #require(throws: TrackingError.self) { try MetricsAddress(text) }
        #expect(error.code == .addressUnreadable)
    }
}
