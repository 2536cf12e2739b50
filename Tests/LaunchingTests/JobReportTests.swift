import Testing

@testable import Launching

@Suite("The last lines of a job")
struct JobReportTests {
    private let pids = (0..<12).map { Int32(4700 + $0) }

    private func lines(
        _ ending: JobOutcome.Ending, stopped: [Int] = [], abandoned: [Int] = [], last: [Int: [String]] = [:]
    ) -> [String] {
        let outcome = JobOutcome(ending: ending, exitCode: 1, stoppedRanks: stopped, abandonedRanks: abandoned)
        return JobReport.lines(for: outcome, pids: pids, lastLines: last)
    }

    @Test("are none when it ended well")
    func completed() {
        #expect(lines(.completed, last: [1: ["a"]]) == [])
    }

    @Test("name the rank, its process, what it reported, and who was stopped")
    func reported() {
        let all = lines(
            .failed(rank: 3, cause: .reported("dataset index 5 out of range")), stopped: [0, 1, 2], last: [3: ["x"]])
        #expect(
            all == [
                "rank 3 (pid 4703) failed first: dataset index 5 out of range",
                "ranks 0, 1, 2 were stopped because rank 3 failed",
            ])
    }

    @Test(
        "say how a rank ended that reported nothing",
        arguments: [
            (JobOutcome.FailureCause.killed(signal: 9), "was killed by SIGKILL (9); often the out-of-memory killer"),
            (.killed(signal: 11), "was killed by SIGSEGV (11)"),
            (.killed(signal: 40), "was killed by signal 40"),
            (.exited(code: 7), "failed first: it exited with code 7, without a message"),
            (.endedEarly, "ended before the others, without an error"),
        ])
    func silent(_ cause: JobOutcome.FailureCause, _ text: String) {
        #expect(lines(.failed(rank: 2, cause: cause)) == ["rank 2 (pid 4702) \(text)"])
        #expect(
            lines(.failed(rank: 2, cause: cause), last: [1: ["no"], 2: ["a", "b"]])
                == ["rank 2 (pid 4702) \(text); its last lines on standard error:", "  a", "  b"])
    }

    @Test("name ranks in the singular, and long runs by their ends")
    func names() {
        let cause = JobOutcome.Ending.failed(rank: 11, cause: .reported("no"))
        #expect(lines(cause, stopped: [4]).last == "rank 4 was stopped because rank 11 failed")
        #expect(
            lines(cause, stopped: [0, 1, 2, 3, 5, 6, 8]).last
                == "ranks 0 to 3, 5, 6, 8 were stopped because rank 11 failed")
    }

    @Test("name a process that could not be killed")
    func abandoned() {
        #expect(
            lines(.interrupted(signal: 2), stopped: [0, 1], abandoned: [1]) == [
                "stopped by SIGINT (2)", "left behind, since SIGKILL did not end it within seconds: rank 1 (pid 4701)",
            ])
    }

    @Test("are at most 25, and none is endless")
    func length() {
        let text = Array(repeating: String(repeating: "x", count: 1000), count: 50)
        for cause in [JobOutcome.FailureCause.reported(text.joined(separator: "\n")), .exited(code: 1)] {
            let all = lines(.failed(rank: 2, cause: cause), stopped: [0, 1], abandoned: [1], last: [2: text])
            #expect(all.count <= 25 && all.count > 20)
            #expect(all.allSatisfy { $0.count <= 401 })
        }
    }
}
