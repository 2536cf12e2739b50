import Testing

@testable import Launching

@Suite("A restart policy")
struct RestartPolicyTests {
    private func failure(_ message: String, rank: Int = 1) -> JobOutcome {
        JobOutcome(
            ending: .failed(rank: rank, cause: .reported(message)), exitCode: 1, stoppedRanks: [], abandonedRanks: [])
    }

    private func isRestart(_ decision: RestartPolicy.Decision) -> Bool {
        if case .restart = decision { true } else { false }
    }

    @Test("starts a job that failed again, as often as was said", arguments: 0...4)
    func limit(_ limit: Int) {
        var policy = RestartPolicy(limit: limit)
        for number in 0..<limit {
            let decision = policy.decide(after: failure("a", rank: number), lasting: .seconds(1))
            #expect(decision == .restart(note: "restarting all ranks: restart \(number + 1) of \(limit)"))
        }
        let last = policy.decide(after: failure("b", rank: 9), lasting: .seconds(1))
        #expect(last == .finish(note: limit == 0 ? nil : "not restarted any more: all \(limit) restarts are used"))
    }

    @Test(
        "never starts a job again that ended well or was stopped",
        arguments: [JobOutcome.Ending.completed, .interrupted(signal: 2)])
    func others(_ ending: JobOutcome.Ending) {
        var policy = RestartPolicy(limit: 3)
        let outcome = JobOutcome(ending: ending, exitCode: 0, stoppedRanks: [], abandonedRanks: [])
        #expect(policy.decide(after: outcome, lasting: .seconds(1)) == .finish(note: nil))
    }

    @Test("stops at the third failure of one kind in a row, whatever the numbers in its message")
    func loop() {
        var policy = RestartPolicy(limit: 10)
        #expect(isRestart(policy.decide(after: failure("index 5 of 4"), lasting: .seconds(1))))
        #expect(isRestart(policy.decide(after: failure("index 7 of 4"), lasting: .seconds(59))))
        let decision = policy.decide(after: failure("index 6 of 4"), lasting: .seconds(2))
        #expect(
            decision
                == .finish(
                    note:
                        "not restarted any more, though 2 of 10 restarts are used: the job failed 3 times in the same "
                        + "way, each within 60 s of its start"))
    }

    @Test("goes on where failures differ, come from different ranks, or come late")
    func noLoop() {
        var policy = RestartPolicy(limit: 20)
        for number in 0..<4 {
            #expect(isRestart(policy.decide(after: failure("a"), lasting: .seconds(1))))
            #expect(isRestart(policy.decide(after: failure("b"), lasting: .seconds(1))))
            #expect(isRestart(policy.decide(after: failure("b", rank: 2 + number % 2), lasting: .seconds(1))))
            #expect(isRestart(policy.decide(after: failure("b", rank: 2 + number % 2), lasting: .seconds(61))))
        }
        let lost = JobOutcome(
            ending: .nodeFailed(1, reason: "gone"), exitCode: 1, stoppedRanks: [], abandonedRanks: [])
        #expect(isRestart(policy.decide(after: lost, lasting: .seconds(1))))
    }
}
