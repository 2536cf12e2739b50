import Glibc
import RankProtocol
import Testing

@testable import Launching

@Suite("A job whose ranks are asked to end by somebody else")
struct JobRequestTests {
    private static let requests: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    @Test(
        "is interrupted if the launcher is asked too, however many ranks have ended by then", arguments: requests, 0...2
    )
    func all(_ number: Int32, ended: Int) {
        var job = Job(worldSize: 2)
        for rank in 0..<ended {
            let expected: [Job.Action] = rank == 0 ? [.start(.cause)] : []
            #expect(job.handle(.exited(rank: rank, .signalled(number))) == expected)
        }
        let actions = job.handle(.signalled(number))
        if ended == 2 {
            #expect(actions == [.finish(outcome(number))])
        } else {
            let reason = "the launcher got \(signalName(number))"
            #expect(actions == [.terminate(Array(ended..<2), reason: reason), .start(.termination)])
            for rank in ended..<2 {
                let expected: [Job.Action] = rank == 1 ? [.finish(outcome(number))] : []
                #expect(job.handle(.exited(rank: rank, .signalled(number))) == expected)
            }
        }
    }

    private func outcome(_ number: Int32) -> JobOutcome {
        JobOutcome(
            ending: .interrupted(signal: number, node: 0), exitCode: 128 + number, stoppedRanks: [0, 1],
            abandonedRanks: [])
    }

    @Test("has failed with the first of them if the launcher is not asked", arguments: requests)
    func one(_ number: Int32) {
        var job = Job(worldSize: 3)
        #expect(job.handle(.exited(rank: 1, .signalled(number))) == [.start(.cause)])
        // What others notice meanwhile is of this, also where they do not say so.
        let failure = RankFailure(rank: 0, message: "connection reset by peer", isConsequence: true)
        #expect(job.handle(.message(.failed(failure), from: 0)) == [])
        #expect(job.handle(.exited(rank: 0, .exited(1))) == [])
        let reason = "rank 1 failed"
        #expect(job.handle(.deadlinePassed(.cause)) == [.terminate([2], reason: reason), .start(.termination)])
        let outcome = JobOutcome(
            ending: .failed(rank: 1, cause: .killed(signal: number)), exitCode: 128 + number, stoppedRanks: [0, 2],
            abandonedRanks: [])
        #expect(job.handle(.exited(rank: 2, .signalled(15))) == [.finish(outcome)])
    }

    @Test("ends when the wait is over also if no rank is left")
    func nobodyLeft() {
        var job = Job(worldSize: 1)
        #expect(job.handle(.exited(rank: 0, .signalled(SIGTERM))) == [.start(.cause)])
        let outcome = JobOutcome(
            ending: .failed(rank: 0, cause: .killed(signal: SIGTERM)), exitCode: 143, stoppedRanks: [],
            abandonedRanks: [])
        #expect(job.handle(.deadlinePassed(.cause)) == [.finish(outcome)])
    }
}
