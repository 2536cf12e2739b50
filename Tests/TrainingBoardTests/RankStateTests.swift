import Foundation
import Testing

@testable import RunFiles
@testable import TrainingBoard

@Suite("How a rank is")
struct RankStateTests {
    private func log(_ lines: String...) -> RankLog {
        var log = RankLog()
        _ = Array(lines.joined().utf8).withUnsafeBytes { log.read($0) }
        return log
    }

    private func state(
        _ log: RankLog, process: ProcessPresence = .exists, failure: RunFailure? = nil, newestStart: Double = 100,
        now: Double
    ) -> RankState {
        RankState(rank: 1, log, process: process, failure: failure, newestStart: newestStart, now: now)
    }

    private let started = BoardFolder.start(1, of: 2, at: 100)

    @Test("it starts, runs, falls silent and goes on")
    func life() {
        #expect(state(log(started), now: 101).condition == .starting)
        let running = log(started, BoardFolder.status(5, at: 110))
        #expect(state(running, now: 111).condition == .running)
        #expect(state(running, now: 114.9).condition == .running)
        let silent = state(running, now: 127)
        #expect(silent.condition == .stalled)
        #expect(silent.note == "no sign of life for 17 s")
        #expect(
            state(log(started, BoardFolder.status(5, at: 110), BoardFolder.status(5, at: 127)), now: 128).condition
                == .running)
    }

    @Test("a process that has gone without a last record is dead, at once")
    func gone() {
        let dead = state(log(started, BoardFolder.status(5, at: 110)), process: .gone, now: 110.5)
        #expect(dead.condition == .dead)
        #expect(dead.note.contains("no longer exists"))
    }

    @Test(
        "the last record says how it ended",
        arguments: [("finished", RankCondition.finished), ("failed", .failed), ("stopped", .stopped), ("?", .failed)])
    func ends(outcome: String, condition: RankCondition) {
        let ended = state(log(started, BoardFolder.end(outcome, "because", at: 120)), process: .gone, now: 500)
        #expect(ended.condition == condition)
        #expect(ended.note == "because")
    }

    @Test("the launcher's report names the rank that failed, and the others stopped")
    func outcome() {
        let failure = RunFailure(
            time: 130, exitCode: 137, rank: 1, lines: ["rank 12 is another", "rank 1 (pid 7) was killed by SIGKILL"])
        let running = log(started, BoardFolder.status(5, at: 129))
        let dead = state(running, process: .unknown, failure: failure, now: 131)
        #expect(dead == RankState(.dead, "rank 1 (pid 7) was killed by SIGKILL"))
        let other = RankState(rank: 0, running, process: .unknown, failure: failure, newestStart: 100, now: 131)
        #expect(other == RankState(.stopped, "the job ended because of rank 1"))
    }

    @Test("an earlier start's report says nothing of a rank that has started again")
    func oldOutcome() {
        let failure = RunFailure(time: 90, exitCode: 1, rank: 1, lines: [])
        #expect(state(log(started, BoardFolder.status(5, at: 110)), failure: failure, now: 111).condition == .running)
    }

    @Test("while a job starts again, a rank that is still of the earlier start is waited for")
    func late() {
        let old = log(BoardFolder.start(1, of: 2, at: 50), BoardFolder.status(5, at: 60))
        #expect(state(old, process: .gone, newestStart: 100, now: 101).condition == .starting)
        #expect(state(old, process: .gone, newestStart: 100, now: 111).condition == .dead)
    }

    @Test("a new start forgets all before it, and cut and unknown lines do no harm")
    func records() {
        var log = log(
            started, BoardFolder.step(1), "nonsense\n", #"{"type":"new kind","time":3}"# + "\n",
            BoardFolder.status(4, at: 101),
            BoardFolder.end("failed", at: 102), BoardFolder.start(1, of: 2, at: 200), #"{"type":"status","ti"#)
        #expect(log.start?.time == 200)
        #expect(log.end == nil && log.status == nil && log.steps.isEmpty)
        for step in [1, 2, 3, 4, 3] {
            _ = Array(BoardFolder.step(step).utf8).withUnsafeBytes { log.read($0) }
        }
        #expect(log.steps.map(\.step) == [1, 2, 3])
        #expect(abs((log.ownSecondsPerStep ?? 0) - 0.0077) < 1e-9)
    }

    @Test("a process is found, and missed once it has ended")
    func processes() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["60"]
        try process.run()
        var start = RankStart(
            time: Date().timeIntervalSince1970, host: ProcessPresence.hostName, pid: Int(process.processIdentifier))
        #expect(ProcessPresence.of(start) == .exists)
        start.host = "elsewhere"
        #expect(ProcessPresence.of(start) == .unknown)
        start.host = ProcessPresence.hostName
        // The number belongs to a process that is newer than the rank.
        start.time? -= 3600
        #expect(ProcessPresence.of(start) == .gone)
        start.time? += 3600
        process.terminate()
        process.waitUntilExit()
        #expect(ProcessPresence.of(start) == .gone)
        #expect(ProcessPresence.of(nil) == .unknown)
    }
}

@Suite("Stragglers and runs")
struct RunStateTests {
    @Test("a rank that is steps behind is marked, and one that only wrote earlier is not")
    func behind() {
        func marks(_ steps: [Int], pace: Double) -> [String?] {
            Stragglers.marks(steps.map { Stragglers.Rank(step: $0, stepsPerSecond: pace) })
        }
        #expect(marks([100, 100, 90, 100], pace: 2) == [nil, nil, "10 steps behind", nil])
        #expect(marks([100, 40], pace: 2) == [nil, "60 steps behind"])
        #expect(marks([1000, 700, 1000], pace: 500) == [nil, nil, nil])
        #expect(marks([100, 99, 98], pace: 0) == [nil, nil, nil])
    }

    @Test("a rank whose own phases take much longer than the median's is marked")
    func slow() {
        func marks(_ seconds: [Double?]) -> [String?] {
            Stragglers.marks(seconds.map { Stragglers.Rank(ownSeconds: $0) })
        }
        #expect(marks([0.01, 0.01, 0.025, 0.011]) == [nil, nil, "2.5× slower in its own phases", nil])
        #expect(marks([0.01, 0.03]) == [nil, "3.0× slower in its own phases"])
        #expect(marks([0.0001, 0.001]) == [nil, nil])
        #expect(marks([0.03]) == [nil])
        #expect(marks([nil, 0.03, nil]) == [nil, nil, nil])
    }

    @Test(
        "a run is as its ranks are",
        arguments: [
            ([RankCondition.running, .running], RunCondition.running), ([.running, .stalled], .stalled),
            ([.running, .dead], .failed), ([.finished, .finished], .finished), ([.finished, .running], .running),
            ([.stopped, .finished], .stopped), ([.starting], .running), ([.failed, .stopped], .failed),
        ])
    func run(ranks: [RankCondition], condition: RunCondition) {
        #expect(RunCondition(ranks: ranks, hasFailed: false, hasSummary: false, metricsAge: 0) == condition)
        #expect(RunCondition(ranks: ranks, hasFailed: true, hasSummary: false, metricsAge: 0) == .failed)
    }

    @Test("a run without records of ranks is judged by its summary and the age of its metrics")
    func withoutRanks() {
        #expect(RunCondition(ranks: [], hasFailed: false, hasSummary: false, metricsAge: 3) == .running)
        #expect(RunCondition(ranks: [], hasFailed: false, hasSummary: false, metricsAge: 60) == .ended)
        #expect(RunCondition(ranks: [], hasFailed: false, hasSummary: true, metricsAge: 3) == .finished)
        #expect(RunCondition(ranks: [], hasFailed: false, hasSummary: false, metricsAge: nil) == .ended)
    }
}
