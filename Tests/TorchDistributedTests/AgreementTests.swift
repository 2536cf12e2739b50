import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed

@Suite struct AgreementTests {
    @Test("an exchange gives every rank every text, again and again", arguments: 1...4)
    func exchange(worldSize: Int) throws {
        let results = try onRanks(worldSize) { group in
            try (0..<3).map { round in try group.exchange("texts", "\(group.rank) in \(round)") }
        }
        let expected = (0..<3).map { round in (0..<worldSize).map { "\($0) in \(round)" as String? } }
        #expect(results == Array(repeating: expected, count: worldSize))
    }

    @Test("an exchange names the ranks that did not come")
    func missing() throws {
        let results = try resultsOnRanks(3) { group in
            guard group.rank == 0 else { return }
            let error = thrownError { _ = try group.exchange("plan", "a", timeout: .milliseconds(300)) }
            #expect(error?.code == .timedOut)
            #expect(error?.missing(["plan", "ranks 1, 2 did not come"]) == [])
        }
        for result in results { #expect(throws: Never.self) { try result.get() } }
    }

    @Test("an exchange ends as soon as the group fails")
    func failure() throws {
        let results = try resultsOnRanks(2) { group in
            if group.rank == 1 { group.abort(DistributedError(.failed, "rank 1 gave up")) }
            let start = ContinuousClock.now
            defer { #expect(start.duration(to: .now) < .seconds(1)) }
            _ = try group.exchange("plan", "a")
            _ = try group.exchange("another plan", "b")
        }
        #expect(errors(results).map(\.message) == ["rank 1 gave up", "rank 1 gave up"])
    }

    @Test("values that differ are named with their ranks, on all of them", arguments: 1...4)
    func agreement(worldSize: Int) throws {
        let results = try resultsOnRanks(worldSize) { group in
            try group.requireAgreement(on: "the seed", "7")
            try group.requireAgreement(on: "the batch size", group.rank == 2 ? "16" : "32")
        }
        guard worldSize > 2 else {
            for result in results { #expect(throws: Never.self) { try result.get() } }
            return
        }
        for error in errors(results) {
            #expect(error.code == .valuesDiffer)
            #expect(error.missing(["the batch size differs", "16 on rank 2", "32 on ranks 0, 1"]) == [])
        }
    }

    @Test("a collective inside a place of one rank is refused there, and only there")
    func refusal() throws {
        let results = try onRanks(3) { group in
            if group.rank == 0 {
                group.refusingCollectives(in: "onMainRank at file.swift:7") {
                    for call in [
                        {
                            try group.allReduce(.ones([1])).wait(); return ()
                        }, { try group.barrier().wait() },
                        { try group.send(.ones([1]), to: 1).wait() }, { try group.monitoredBarrier() },
                    ] as [() throws -> Void] {
                        let error = thrownError(call)
                        #expect(error?.missing(["onMainRank at file.swift:7", "ranks 1, 2 will never enter"]) == [])
                    }
                }
            }
            return try group.allReduce(Tensor.ones([1])).wait().item(as: Float.self)
        }
        #expect(results == [3, 3, 3])
    }
}
