import Foundation
import LockstepTesting
import Synchronization
import Testing

@testable import Tracking

@Suite("MLflow gets a run over REST")
struct MLflowTrackerTests {
    // Starting MLflow takes many seconds, so one server has all that needs one.
    @Test(
        "a real server has parameters, points and outcome; runs that resume or go back have one point a step",
        .enabled(if: TrackerPython.isAvailable, TrackerPython.absence))
    func realServer() throws {
        let server = try MLflowTestServer()

        let plain = try TrackingFolder()
        var tracker = MLflowTracker(server.address, environment: [:])
        try tracker.start(.test(plain.path))
        try tracker.log(steps: 1...1200)
        try tracker.log([
            TrackedPoint(["step": 1200, "top-5 (%)": 0.5, "bad": .number(.nan)], time: 1_700_001_200.5, step: 1200)
        ])
        try tracker.finish(.failed("loss is NaN"))
        var runs = try server.runs(of: "lockstep-tests")
        let run = try #require(runs.first)
        #expect(runs.count == 1 && run.name == "a run" && run.status == "FAILED")
        #expect(run.tags["lockstep.outcome"] == "loss is NaN" && run.tags["mlflow.source.name"] == "toy")
        #expect(
            run.params == [
                "epochs": "2", "learningRate": "0.01", "name": "größe, \"x\"", "betas": "[0.9,0.999]",
                "shuffle": "true", "limit": "null",
            ])
        #expect(run.metrics["loss"] == (1...1200).map { ["\($0)", "\($0).0"] })
        #expect(run.metrics["top-5 (_)"] == nil && run.metrics["top-5 __"] == nil)
        #expect(run.metrics["top-5 _%_"] == nil && run.metrics["top-5 ___"] == [["1200", "0.5"]])
        #expect(run.metrics["bad"] == [["1200", "nan"]])
        #expect(run.times["loss"]?.first == 1_700_000_001_000)

        // A resumed run behind which nothing was sent goes on with the same run.
        var resumed = MLflowTracker(server.address, environment: [:])
        try resumed.start(.test(plain.path, after: 1200))
        try resumed.log(steps: 1201...1210)
        runs = try server.runs(of: "lockstep-tests")
        #expect(runs.map(\.id) == [run.id] && runs.first?.status == "RUNNING")
        #expect(runs.first?.metrics["loss"]?.map { $0[0] } == (1...1210).map(String.init))
        try resumed.finish(.stopped("asked to"))

        // One that goes on before points that were sent becomes a new run, and so does one that goes back.
        var third = MLflowTracker(server.address, environment: [:])
        try third.start(.test(plain.path, after: 1005))
        try third.log(steps: 1006...1020) { -Double($0) }
        try third.goBack(to: 1030)
        try third.goBack(to: 1010)
        try third.log(steps: 1011...1012) { _ in 0.5 }
        try third.finish(.finished)
        runs = try server.runs(of: "lockstep-tests")
        #expect(runs.count == 3)
        let last = try #require(runs.first { $0.tags["lockstep.continued_by"] == nil })
        #expect(last.status == "FINISHED")
        #expect(last.params == run.params)
        #expect(
            last.metrics["loss"]
                == (1...1012).map { ["\($0)", $0 <= 1005 ? "\($0).0" : $0 <= 1010 ? "-\($0).0" : "0.5"] })
        #expect(last.times["loss"]?.first == 1_700_000_001_000)
        #expect(Set(runs.map(\.status)) == ["KILLED", "FINISHED"])
    }

    @Test("a server that is not there holds no call up, and the end costs one attempt")
    func deadServer() throws {
        let closed = try ClosedPort()
        let notices = Mutex<[String]>([])
        let trackers = Trackers([MLflowTracker(closed.address, environment: [:])]) { text in
            notices.withLock { $0.append(text) }
        }
        try watch(trackers, within: .seconds(9))
        #expect(notices.withLock { $0.first }?.contains("does not answer") == true)
        #expect(notices.withLock { $0.last }?.contains("lacks 1000 points") == true)
    }

    @Test("a server that accepts and never answers holds no call up, and the end takes no longer than it may")
    func silentServer() throws {
        let silent = try SilentServer()
        let notices = Mutex<[String]>([])
        let trackers = Trackers([MLflowTracker(silent.address, environment: [:])]) { text in
            notices.withLock { $0.append(text) }
        }
        try watch(trackers, within: .seconds(1))
        #expect(notices.withLock { $0.last }?.contains("1000 points did not reach it") == true)
    }

    @Test("another server than MLflow is told from it")
    func otherServer() throws {
        let silent = try SilentServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        let folder = try TrackingFolder()
        var tracker = MLflowTracker(silent.address, environment: [:])
        let error = try #require(throws: TrackingError.self) { try tracker.start(.test(folder.path)) }
        #expect(error.code == .serverUnavailable && error.message.contains("another server"))
    }

    @Test("a server that refuses a run is told of, and what it lacks is counted")
    func refusingServer() throws {
        let body = #"{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such thing"}"#
        let server = try SilentServer(
            answer: "HTTP/1.1 400 Bad Request\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
        let notices = Mutex<[String]>([])
        let trackers = Trackers([MLflowTracker(server.address, environment: [:])]) { text in
            notices.withLock { $0.append(text) }
        }
        try watch(trackers, within: .seconds(30))
        #expect(notices.withLock { $0.first }?.contains("no such thing") == true)
        #expect(notices.withLock { $0.last }?.contains("lacks 1000 points") == true)
    }

    /// Logs a thousand points and ends; no call may take long.
    private func watch(_ trackers: Trackers, within time: Duration) throws {
        let folder = try TrackingFolder()
        let before = ContinuousClock.now
        trackers.start(.test(folder.path))
        for step in 0..<1000 { trackers.log(["step": .integer(step), "loss": 1]) }
        #expect(before.duration(to: .now) < .seconds(1))
        let end = ContinuousClock.now
        trackers.finish(.finished, within: time)
        #expect(end.duration(to: .now) < time + .seconds(2))
    }
}
