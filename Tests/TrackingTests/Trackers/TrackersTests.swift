import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Tracking

/// What a tracker of a test was told, and what it was told to do.
private final class Journal: Sendable {
    struct Contents {
        var entries: [String] = []
        var failures = 0
        var attempts: [ContinuousClock.Instant] = []
    }
    let contents = Mutex(Contents())
    let notices = Mutex<[String]>([])
    let gate = DispatchSemaphore(value: 0)

    var entries: [String] { contents.withLock { $0.entries } }
    var texts: [String] { notices.withLock { $0 } }
    var onNotice: @Sendable (String) -> Void { { text in self.notices.withLock { $0.append(text) } } }

    /// Waits until there are such entries or notices.
    func wait(_ condition: (Journal) -> Bool) async {
        while !condition(self) { await Task.yield() }
    }
}

private struct JournalTracker: Tracker {
    let journal: Journal
    var isGated = false
    var isRefusing = false
    var name: String { "The journal" }

    private func note(_ text: String) throws {
        if isGated { journal.gate.wait() }
        let fails = journal.contents.withLock { contents in
            contents.attempts.append(.now)
            if contents.failures > 0 {
                contents.failures -= 1
                return true
            }
            contents.entries.append(text)
            return false
        }
        if fails { throw TrackingError(.serverUnavailable, "the server is away") }
    }

    func start(_ run: TrackedRun) throws { try note("start \(run.name)") }
    func log(_ points: [TrackedPoint]) throws {
        if isRefusing { throw TrackingError(.pointsRefused, "no such metric") }
        try note(points.map { "\($0.step)" }.joined(separator: " "))
    }
    func goBack(to step: Int) throws { try note("back to \(step)") }
    func finish(_ outcome: TrackedOutcome) throws { try note("\(outcome)") }
}

extension TrackerLimits {
    /// Limits for tests, which do not want to wait.
    fileprivate static var quick: TrackerLimits {
        var limits = TrackerLimits()
        limits.gathering = .zero
        limits.firstPause = .milliseconds(10)
        return limits
    }
}

@Suite("Trackers hold nothing up")
struct TrackersTests {
    @Test("a tracker is told everything in its order, and a record without a step has that of the one before")
    func order() {
        let journal = Journal()
        let trackers = Trackers([JournalTracker(journal: journal)], onNotice: journal.onNotice)
        trackers.start(.test("/run", after: 4))
        trackers.log(["loss": 1])
        trackers.log(["step": 5])
        trackers.log(["accuracy": 1])
        trackers.goBack(to: 3)
        trackers.log(["loss": 1])
        trackers.finish(.stopped("asked to"))
        trackers.log(["step": 6])
        trackers.finish(.finished)
        // How many points go into one call depends on how soon the tracker's thread runs.
        #expect(journal.entries.joined(separator: " ") == "start a run 4 5 5 back to 3 3 stopped(\"asked to\")")
        #expect(journal.texts.isEmpty && trackers.droppedPoints == 0)
    }

    @Test("points reach a tracker while the run goes on, in pieces of limited size")
    func pieces() async {
        let journal = Journal()
        var limits = TrackerLimits.quick
        limits.pointsPerCall = 4
        let trackers = Trackers([JournalTracker(journal: journal)], limits: limits, onNotice: journal.onNotice)
        trackers.start(.test("/run"))
        for step in 0..<1000 { trackers.log(["step": .integer(step)]) }
        await journal.wait { $0.entries.last?.hasSuffix("999") == true }
        let pieces = journal.entries.dropFirst().map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(pieces.flatMap(\.self) == Array(0..<1000))
        #expect(pieces.allSatisfy { $0.count <= 4 })
        trackers.finish(.finished)
    }

    @Test(
        "a tracker that never returns holds up neither calls nor other trackers, drops are counted, and the end is bounded"
    )
    func hanging() async throws {
        let (hanging, other) = (Journal(), Journal())
        var limits = TrackerLimits.quick
        limits.waitingPoints = 100
        let trackers = Trackers(
            [JournalTracker(journal: hanging, isGated: true), JournalTracker(journal: other)], limits: limits,
            onNotice: hanging.onNotice)
        trackers.start(.test("/run"))
        for step in 0..<150 {
            trackers.log(["step": .integer(step)])
            await other.wait { $0.entries.last?.hasSuffix("\(step)") == true }
        }
        #expect(trackers.droppedPoints == 50)
        let before = ContinuousClock.now
        trackers.finish(.finished, within: .seconds(2))
        let time = before.duration(to: .now)
        #expect(time >= .seconds(2) && time < .seconds(20))
        #expect(other.entries.last == "finished")
        #expect(hanging.entries.isEmpty)
        // The first drop is told of on a thread that the training does not wait for.
        await hanging.wait { $0.texts.count >= 2 }
        let notices = hanging.texts
        #expect(notices.count == 2)
        #expect(notices.contains { $0.contains("100 points wait") })
        #expect(
            notices.contains {
                $0.contains("not done in time") && $0.contains("100 points") && $0.contains("50 were left out")
            })
        hanging.gate.signal()
    }

    @Test("a call takes no longer when a tracker hangs and its queue is full")
    func fullQueue() {
        let journal = Journal()
        var limits = TrackerLimits.quick
        limits.waitingPoints = 10
        let trackers = Trackers(
            [JournalTracker(journal: journal, isGated: true)], limits: limits, onNotice: journal.onNotice)
        trackers.start(.test("/run"))
        let before = ContinuousClock.now
        for step in 0..<100_000 { trackers.log(["step": .integer(step)]) }
        #expect(before.duration(to: .now) < .seconds(10))
        #expect(trackers.droppedPoints >= 99_990)
        trackers.finish(.finished, within: .zero)
        for _ in 0..<3 { journal.gate.signal() }
    }

    @Test("a tracker that throws is told of once and tried again later, with nothing lost")
    func failing() async {
        let journal = Journal()
        journal.contents.withLock { $0.failures = 4 }
        let trackers = Trackers(
            [JournalTracker(journal: journal)], limits: .quick, onNotice: journal.onNotice)
        trackers.start(.test("/run"))
        trackers.log(["step": 1])
        await journal.wait { $0.entries.count == 2 }
        trackers.finish(.finished)
        #expect(journal.entries == ["start a run", "1", "finished"])
        #expect(journal.texts.count == 1)
        #expect(journal.texts.first?.contains("The journal failed") == true)
        #expect(journal.texts.first?.contains("the server is away") == true)
        let attempts = journal.contents.withLock { $0.attempts }
        for (number, pause) in [10, 20, 40, 80].enumerated() {
            #expect(attempts[number].duration(to: attempts[number + 1]) >= .milliseconds(pause))
        }
    }

    @Test("at the end a failing tracker is tried once more, and what it lacks is counted")
    func failingAtTheEnd() {
        let journal = Journal()
        journal.contents.withLock { $0.failures = .max }
        var limits = TrackerLimits.quick
        limits.firstPause = .seconds(1000)
        let trackers = Trackers([JournalTracker(journal: journal)], limits: limits, onNotice: journal.onNotice)
        trackers.start(.test("/run"))
        for step in 0..<7 { trackers.log(["step": .integer(step)]) }
        let before = ContinuousClock.now
        trackers.finish(.failed("x"), within: .seconds(60))
        #expect(before.duration(to: .now) < .seconds(30))
        #expect(journal.texts.count == 2)
        #expect(journal.texts.last?.contains("lacks 7 points") == true)
        #expect(trackers.droppedPointsByName == ["The journal": 7])
    }

    @Test("points that are refused are left out and counted, and the rest goes on")
    func refusing() {
        let journal = Journal()
        let trackers = Trackers(
            [JournalTracker(journal: journal, isRefusing: true)], limits: .quick, onNotice: journal.onNotice)
        trackers.start(.test("/run"))
        trackers.log(["step": 1])
        trackers.goBack(to: 0)
        trackers.log(["step": 1])
        trackers.finish(.finished)
        #expect(journal.entries == ["start a run", "back to 0", "finished"])
        #expect(journal.texts.count == 2)
        #expect(journal.texts.first?.contains("refuses") == true)
        #expect(journal.texts.last?.contains("lacks 2 points") == true)
    }

    @Test("trackers that are let go end their threads")
    func letGo() async {
        final class Witness: Sendable {}
        struct WitnessTracker: Tracker {
            let witness: Witness
            var name: String { "The witness" }
            func start(_ run: TrackedRun) {}
            func log(_ points: [TrackedPoint]) {}
            func goBack(to step: Int) {}
            func finish(_ outcome: TrackedOutcome) {}
        }
        weak var witness: Witness?
        do {
            let strong = Witness()
            witness = strong
            let trackers = Trackers([WitnessTracker(witness: strong)]) { _ in }
            trackers.start(.test("/run"))
            trackers.log(["step": 1])
        }
        while witness != nil { await Task.yield() }
    }
}
