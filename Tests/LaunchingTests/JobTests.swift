import Foundation
import RankProtocol
import Testing

@testable import Launching

@Suite("A job")
struct JobTests {
    @Test("names its only cause in every order of events", arguments: RankScript.causes)
    func onlyCause(_ cause: RankScript) {
        let others: [RankScript] = [.finishes, .waits, .ignoresSIGTERM, .cannotBeKilled, .reportsConsequence]
        var runs = 0
        for first in others {
            for last in others {
                // A rank that leaves while nobody is there to miss it has done nothing wrong.
                if cause == .leaves, first == .finishes, last == .finishes { continue }
                JobWorld([first, cause, last]).explore { world in
                    runs += 1
                    let ending = JobOutcome.Ending.failed(rank: 1, cause: cause.cause ?? .endedEarly)
                    guard world.finishes == 1, world.outcome?.ending == ending,
                        world.outcome?.exitCode == cause.exitCode
                    else {
                        Issue.record("\(first), \(last): \(world.history) → \(String(describing: world.outcome))")
                        return
                    }
                }
            }
        }
        #expect(runs > 100)
    }

    @Test("names the consequence that was noticed first where there is no cause", arguments: 1...3)
    func onlyConsequences(worldSize: Int) {
        var runs = 0
        JobWorld(Array(repeating: .reportsConsequence, count: worldSize)).explore { world in
            runs += 1
            let last = worldSize - 1
            #expect(world.finishes == 1)
            #expect(world.outcome?.ending == .failed(rank: last, cause: .reported("consequence \(last)")))
            #expect(world.outcome?.exitCode == 1)
        }
        #expect(runs >= worldSize)
    }

    @Test("ends well when all ranks do, in every order", arguments: [RankScript.finishes, .foreignEndsWell])
    func completed(_ script: RankScript) {
        JobWorld([script, script, .foreignEndsWell]).explore { world in
            #expect(world.finishes == 1)
            let outcome = JobOutcome(ending: .completed, exitCode: 0, stoppedRanks: [], abandonedRanks: [])
            #expect(world.outcome == outcome)
        }
    }

    @Test(
        "ends exactly once and by what came first, whatever happens when, with two signals to the launcher",
        arguments: RankScript.allCases)
    func endsOnce(_ script: RankScript) {
        var runs = 0
        for other in RankScript.allCases {
            JobWorld([script, other], signals: 2, isTimeErratic: true).explore { world in
                guard world.finishes == 1, let outcome = world.outcome else {
                    Issue.record("\(script), \(other): \(world.finishes) ends of \(world.history)")
                    return
                }
                runs += 1
                guard outcome.ending == world.expectedEnding, (outcome.ending == .completed) == (outcome.exitCode == 0)
                else {
                    Issue.record("\(script), \(other): \(world.history) → \(outcome)")
                    return
                }
            }
        }
        #expect(runs > 300)
    }

    @Test(
        "ends once and by what came first where machines are lost at any time",
        arguments: RankScript.allCases)
    func lostMachines(_ script: RankScript) {
        var runs = 0
        for other in RankScript.allCases {
            let world = JobWorld([script, other], signals: 1, nodes: [0..<1, 1..<2], losable: [0, 1])
            world.explore { world in
                runs += 1
                guard world.finishes == 1, let outcome = world.outcome, outcome.ending == world.expectedEnding,
                    (outcome.ending == .completed) == (outcome.exitCode == 0)
                else {
                    Issue.record("\(script), \(other): \(world.history) → \(String(describing: world.outcome))")
                    return
                }
            }
        }
        #expect(runs > 100)
    }

    @Test("stops the ranks of the other machines when one is lost, and does not wait for those of that one")
    func lostMachine() {
        var job = Job(nodes: [0..<2, 2..<4, 4..<5])
        #expect(
            job.handle(.nodeFailed(1, reason: "silent"))
                == [.terminate([0, 1, 4], reason: "node 1 failed"), .start(.termination)])
        #expect(job.handle(.nodeFailed(1, reason: "again")) == [])
        #expect(job.handle(.exited(rank: 0, .signalled(15))) == [])
        #expect(job.handle(.exited(rank: 1, .signalled(15))) == [])
        let outcome = JobOutcome(
            ending: .nodeFailed(1, reason: "silent"), exitCode: 1, stoppedRanks: [0, 1, 4], abandonedRanks: [])
        #expect(job.handle(.exited(rank: 4, .signalled(15))) == [.finish(outcome)])
    }

    @Test("asks the other ranks to end after a failure, and kills who is left after the grace")
    func termination() {
        var job = Job(worldSize: 4)
        #expect(job.handle(.exited(rank: 3, .exited(0))) == [])
        let failure = RankFailure(rank: 1, message: "no")
        #expect(
            job.handle(.message(.failed(failure), from: 1))
                == [.terminate([0, 2], reason: "rank 1 failed"), .start(.termination)])
        #expect(job.handle(.exited(rank: 0, .signalled(15))) == [])
        #expect(job.handle(.deadlinePassed(.cause)) == [])
        #expect(job.handle(.deadlinePassed(.termination)) == [.kill([1, 2]), .start(.death)])
        #expect(job.handle(.exited(rank: 1, .signalled(9))) == [])
        let outcome = JobOutcome(
            ending: .failed(rank: 1, cause: .reported("no")), exitCode: 1, stoppedRanks: [0, 2], abandonedRanks: [2])
        #expect(job.handle(.deadlinePassed(.death)) == [.finish(outcome)])
        #expect(job.handle(.exited(rank: 2, .signalled(9))) == [])
    }

    @Test("ends with 128 and the number of a signal to the launcher", arguments: [1, 2, 3, 15] as [Int32])
    func signalled(_ number: Int32) {
        var job = Job(worldSize: 2)
        let reason = "the launcher got \(signalName(number))"
        #expect(job.handle(.signalled(number)) == [.terminate([0, 1], reason: reason), .start(.termination)])
        #expect(job.handle(.exited(rank: 0, .exited(0))) == [])
        #expect(job.handle(.signalled(15)) == [.kill([1]), .start(.death)])
        #expect(job.handle(.signalled(15)) == [])
        let outcome = JobOutcome(
            ending: .interrupted(signal: number), exitCode: 128 + number, stoppedRanks: [0, 1], abandonedRanks: [])
        #expect(job.handle(.exited(rank: 1, .signalled(9))) == [.finish(outcome)])
    }

    @Test("waits for the cause of a consequence, but not forever")
    func grace() {
        var job = Job(worldSize: 2)
        let failure = RankFailure(rank: 0, message: "reset", isConsequence: true)
        #expect(job.handle(.message(.failed(failure), from: 0)) == [.start(.cause)])
        #expect(job.handle(.exited(rank: 0, .exited(4))) == [])
        #expect(
            job.handle(.deadlinePassed(.cause)) == [.terminate([1], reason: "rank 0 failed"), .start(.termination)])
        let outcome = JobOutcome(
            ending: .failed(rank: 0, cause: .reported("reset")), exitCode: 4, stoppedRanks: [1], abandonedRanks: [])
        #expect(job.handle(.exited(rank: 1, .signalled(15))) == [.finish(outcome)])
    }
}
