import Foundation
import LockstepTesting
import Testing
import Torch
import TorchDistributed

@Suite(.serialized) struct TimeLimitTests {
    private struct Call: Sendable, CustomStringConvertible {
        let description: String
        let run: @Sendable (ProcessGroup) throws -> Void
    }

    private static let calls = [
        Call(description: "all-reduce") { try $0.allReduce(.ones([4])).wait() },
        Call(description: "broadcast") { try $0.broadcast(.ones([4]), from: 1).wait() },
        Call(description: "all-gather") { try $0.allGather(.ones([4])).wait() },
        Call(description: "all-to-all") { try $0.allToAll(.ones([4])).wait() },
        Call(description: "reduce-scatter") {
            try $0.reduceScatter(into: .ones([4]), [.ones([4]), .ones([4])]).wait()
        },
        Call(description: "receive") { try $0.receive(into: .ones([4]), from: 1).wait() },
        Call(description: "barrier") { try $0.barrier().wait() },
    ]

    @Test(
        "a rank that does not come is waited for until the time limit", arguments: ProcessGroup.Backend.allCases,
        calls.indices)
    func missing(backend: ProcessGroup.Backend, index: Int) throws {
        let call = Self.calls[index]
        let results = try resultsOnRanks(2, backend: backend, timeout: .seconds(1)) { group in
            let start = ContinuousClock.now
            if group.rank == 0 {
                defer { #expect(start.duration(to: .now) < .seconds(3)) }
                try call.run(group)
            } else {
                while group.failure == nil, start.duration(to: .now) < .seconds(5) {
                    Thread.sleep(forTimeInterval: 0.02)
                }
                throw try #require(group.failure)
            }
        }
        let found = errors(results)
        #expect(found.map(\.code) == [.timedOut, .timedOut])
        // The other rank hears it from the first.
        for error in found where call.description != "receive" {
            #expect(error.missing([call.description, "#1 of the default group", "rank 1 has not entered it"]) == [])
        }
    }

    @Test("a monitored barrier names the ranks that did not come", arguments: ProcessGroup.Backend.allCases)
    func monitoredBarrier(backend: ProcessGroup.Backend) throws {
        let results = try resultsOnRanks(4, backend: backend, timeout: .seconds(20)) { group in
            guard group.rank == 0 || group.rank == 2 else {
                while group.failure == nil { Thread.sleep(forTimeInterval: 0.02) }
                throw try #require(group.failure)
            }
            let start = ContinuousClock.now
            defer { #expect(start.duration(to: .now) < .seconds(3)) }
            try group.monitoredBarrier(timeout: .seconds(1))
        }
        let found = errors(results)
        #expect(found.count == 4)
        for error in found {
            #expect(error.code == .timedOut)
            #expect(error.missing(["monitored barrier", "Ranks 1, 3", "rank 3 has not entered it"]) == [])
        }
    }

    @Test("one call may have a time limit of its own", arguments: ProcessGroup.Backend.allCases)
    func ownLimit(backend: ProcessGroup.Backend) throws {
        let results = try resultsOnRanks(2, backend: backend, timeout: .seconds(60)) { group in
            guard group.rank == 0 else {
                while group.failure == nil { Thread.sleep(forTimeInterval: 0.02) }
                return
            }
            let start = ContinuousClock.now
            defer { #expect(start.duration(to: .now) < .seconds(3)) }
            try group.allReduce(.ones([4]), timeout: .seconds(1)).wait()
        }
        #expect(errors(results).first?.code == .timedOut)
    }

    @Test("not to wait any longer ends nothing", arguments: ProcessGroup.Backend.allCases)
    func shortWait(backend: ProcessGroup.Backend) throws {
        let results = try onRanks(2, backend: backend) { group in
            if group.rank == 0 {
                let work = try group.allReduce(Tensor(copying: [Float(1)]))
                let error = thrownError { try work.wait(timeout: .milliseconds(20)) }
                #expect(error?.code == .timedOut)
                try group.store.set("go", "on")
                return try work.wait().item(as: Float.self)
            }
            _ = try group.store.get("go")
            return try group.allReduce(Tensor(copying: [Float(2)])).wait().item(as: Float.self)
        }
        #expect(results == [3, 3])
    }

    @Test(
        "a rank that ends takes the others out of what they wait for", arguments: ProcessGroup.Backend.allCases, 2...4)
    func ended(backend: ProcessGroup.Backend, worldSize: Int) throws {
        struct Stop: Error {}
        let start = ContinuousClock.now
        let results = try resultsOnRanks(worldSize, backend: backend) { group in
            try group.barrier().wait()
            if group.rank == 1 { throw Stop() }
            try group.allReduce(.ones([1000])).wait()
        }
        #expect(start.duration(to: .now) < .seconds(3))
        for (rank, result) in results.enumerated() where rank != 1 {
            #expect(throws: DistributedError.self) { try result.get() }
            if case .failure(let error as DistributedError) = result { #expect(error.isConsequence, "\(error)") }
        }
    }

    @Test("an abort reaches all ranks with its reason", arguments: ProcessGroup.Backend.allCases)
    func abort(backend: ProcessGroup.Backend) throws {
        let results = try resultsOnRanks(3, backend: backend) { group in
            if group.rank == 2 {
                group.abort(DistributedError(.aborted, "the disk is full on rank 2"))
            } else {
                try group.allReduce(.ones([4])).wait()
            }
            try group.barrier().wait()
        }
        for error in errors(results) { #expect(error.message == "the disk is full on rank 2") }
    }
}
