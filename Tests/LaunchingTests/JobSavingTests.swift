import Foundation
import RankProtocol
import Testing

@testable import Launching

@Suite("A job that is asked to save and stop")
struct JobSavingTests {
    /// A job of ranks of which the first `saving` can save their training.
    private func job(_ worldSize: Int, saving: Int? = nil) -> Job {
        var job = Job(worldSize: worldSize)
        for rank in 0..<worldSize {
            #expect(job.handle(.message(.started(pid: Int32(100 + rank)), from: rank)).isEmpty)
            if rank < saving ?? worldSize { #expect(job.handle(.message(.savesWhenAsked, from: rank)).isEmpty) }
        }
        return job
    }

    private func finish(_ actions: [Job.Action]) -> JobOutcome? {
        actions.compactMap { if case .finish(let outcome) = $0 { outcome } else { nil } }.first
    }

    @Test("lets all ranks save after the same step, and ends with code 75", arguments: [SIGTERM, SIGUSR1], [1, 3])
    func saves(signal: Int32, worldSize: Int) throws {
        var job = job(worldSize)
        #expect(job.handle(.signalled(signal, node: 0)) == [.save(Array(0..<worldSize)), .start(.saving)])
        var last: [Job.Action] = []
        for rank in 0..<worldSize {
            #expect(last.isEmpty)
            #expect(job.handle(.message(.stopped(step: 120), from: rank)).isEmpty)
            last = job.handle(.exited(rank: rank, .exited(75)))
        }
        let outcome = try #require(finish(last))
        #expect(outcome.ending == .stopped(step: 120, signal: signal, node: 0))
        #expect((outcome.exitCode, outcome.stoppedRanks) == (75, []))
        #expect(
            JobReport.lines(for: outcome, [:])
                == ["stopped by \(signalName(signal)): step 120 is saved; go on with --resume latest"])
        var policy = RestartPolicy(limit: 3)
        #expect(policy.decide(after: outcome, lasting: .seconds(1)) == .finish(note: nil))
    }

    @Test("stops at once at a second signal, and when the time for saving is over", arguments: [true, false])
    func impatience(isSignal: Bool) throws {
        var job = job(2)
        _ = job.handle(.signalled(SIGTERM, node: 0))
        let second = job.handle(isSignal ? .signalled(SIGINT, node: 0) : .deadlinePassed(.saving))
        let number = isSignal ? SIGINT : SIGTERM
        #expect(
            second == [.terminate([0, 1], reason: "the launcher got \(signalName(number))"), .start(.termination)])
        _ = job.handle(.exited(rank: 0, .signalled(SIGTERM)))
        let outcome = try #require(finish(job.handle(.exited(rank: 1, .signalled(SIGTERM)))))
        #expect(outcome.exitCode == 128 + number)
    }

    @Test("ends ranks that cannot all save, and passes SIGUSR1 on to them")
    func cannotSave() {
        var terminated = job(2, saving: 1)
        #expect(
            terminated.handle(.signalled(SIGTERM, node: 0)).first
                == .terminate([0, 1], reason: "the launcher got \(signalName(SIGTERM))"))
        var foreign = Job(worldSize: 2)
        #expect(foreign.handle(.signalled(SIGUSR1, node: 0)) == [.forward(SIGUSR1, [0, 1])])
        var interrupted = job(2)
        #expect(
            interrupted.handle(.signalled(SIGINT, node: 0)).first
                == .terminate([0, 1], reason: "the launcher got \(signalName(SIGINT))"))
    }

    @Test("names a rank that fails while the others save")
    func failure() throws {
        var job = job(2)
        _ = job.handle(.signalled(SIGTERM, node: 0))
        #expect(job.handle(.exited(rank: 1, .signalled(SIGKILL))).first == .terminate([0], reason: "rank 1 failed"))
        let outcome = try #require(finish(job.handle(.exited(rank: 0, .signalled(SIGTERM)))))
        #expect(outcome.ending == .failed(rank: 1, cause: .killed(signal: SIGKILL)))
    }

    @Test("ends well where the training is over before, and says so where a rank was asked and not the launcher")
    func others() throws {
        var over = job(1)
        _ = over.handle(.signalled(SIGTERM, node: 0))
        _ = over.handle(.message(.finished, from: 0))
        #expect(try #require(finish(over.handle(.exited(rank: 0, .exited(0))))).ending == .completed)
        var asked = job(1)
        _ = asked.handle(.message(.stopped(step: 7), from: 0))
        let outcome = try #require(finish(asked.handle(.exited(rank: 0, .exited(75)))))
        #expect(outcome.ending == .stopped(step: 7, signal: nil, node: 0))
        #expect(JobReport.lines(for: outcome, [:]).first?.hasPrefix("stopped as a rank was asked to: step 7") == true)
    }
}
