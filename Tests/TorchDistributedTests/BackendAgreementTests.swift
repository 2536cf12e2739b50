import Foundation
import LockstepTesting
import Synchronization
import Testing
import Torch

@testable import TorchDistributed

/// Which backend a group gets.
@Suite struct BackendAgreementTests {
    /// The groups of ranks that are threads and ask for a backend each, or why they did not come about.
    private func join(
        _ backends: [ProcessGroup.Backend?], in store: Store, timeout: Duration = .seconds(20)
    ) -> [Result<ProcessGroup, any Error>] {
        let results = Mutex<[Int: Result<ProcessGroup, any Error>]>([:])
        let done = DispatchGroup()
        for rank in backends.indices {
            done.enter()
            Thread.detachNewThread {
                let result = Result {
                    try ProcessGroup(
                        backend: backends[rank], store: store, rank: rank, worldSize: backends.count, timeout: timeout,
                        address: "127.0.0.1")
                }
                results.withLock { $0[rank] = result }
                done.leave()
            }
        }
        done.wait()
        return results.withLock { results in backends.indices.compactMap { results[$0] } }
    }

    @Test("ranks of one machine share memory unless one of them names another backend, on all ranks alike")
    func choice() throws {
        let choices: [([ProcessGroup.Backend?], ProcessGroup.Backend)] = [
            ([nil, nil], .shm), ([nil, .shm, nil], .shm), ([.shm, .shm], .shm), ([nil, .gloo], .gloo),
            ([.gloo, .gloo], .gloo), ([.gloo, nil, nil], .gloo), ([nil], .gloo),
        ]
        for (backends, expected) in choices {
            let groups = try join(backends, in: Store.inProcess()).map { try $0.get() }
            #expect(groups.map(\.backend) == Array(repeating: expected, count: backends.count), "\(backends)")
            #expect(groups.allSatisfy { ($0.dataEndpoint == nil) == (expected == .shm) }, "\(backends)")
            let works = try groups.map { try $0.allReduce(.ones([2])) }
            for work in works { #expect(try work.wait().array(of: Float.self)[0] == Float(backends.count)) }
        }
    }

    @Test("ranks of several machines share memory within each, where any has two")
    func machines() throws {
        let choices: [([Int], ProcessGroup.Backend)] = [
            ([0, 0], .shm), ([0, 1], .gloo), ([0, 1, 2], .gloo), ([0, 0, 1], .hierarchical),
            ([0, 1, 0, 1], .hierarchical), ([0, 1, 1, 2], .hierarchical),
        ]
        for (machines, expected) in choices {
            let results = try resultsOnMachines(machines) { group in
                let sum = try group.allReduce(.ones([2])).wait().array(of: Float.self)[0]
                return (group.backend, sum == Float(machines.count))
            }
            for result in results { #expect(try result.get() == (expected, true), "\(machines)") }
        }
        let gloo = try resultsOnMachines([0, 0, 1], backend: .gloo) { $0.backend }
        for result in gloo { #expect(try result.get() == .gloo) }
    }

    @Test(
        "a rank's record can be found by whoever can know of the rank",
        arguments: [nil, .shm, .gloo] as [ProcessGroup.Backend?])
    func announcement(backend: ProcessGroup.Backend?) throws {
        // Others connect to a rank as soon as it has said that it is there, also when it is held up just then.
        let store = try Store.inProcess()
        #expect(throws: DistributedError.self) {
            try ProcessGroup(
                backend: backend, store: store, rank: 0, worldSize: 2, timeout: .milliseconds(50), address: "127.0.0.1")
        }
        let told = try store.prefixed("0/")
        #expect(try told.contains(BackendAgreement.key(0)) && told.contains(FlightRecorder.key(0)))
    }

    @Test("a subgroup goes by where its own members run")
    func subgroupsOfMachines() throws {
        let results = try resultsOnMachines([0, 1, 0, 1]) { group in
            try [[0, 2], [1, 2], [3, 1, 2]].map { try group.subgroup($0)?.backend }
        }
        let expected: [[ProcessGroup.Backend?]] = [
            [.shm, nil, nil], [nil, .gloo, .hierarchical], [.shm, .gloo, .hierarchical], [nil, nil, .hierarchical],
        ]
        #expect(try results.map { try $0.get() } == expected)
    }

    @Test("memory that is asked for on several machines is refused")
    func separated() throws {
        for error in errors(try resultsOnMachines([0, 1, 0], backend: .shm, timeout: .seconds(5)) { _ in }) {
            #expect(error.code == .unavailableBackend)
            #expect(error.missing(["rank 1 runs on another machine", "Name gloo on all ranks"]) == [])
        }
    }

    @Test("programs that ask for different backends are told by whom")
    func conflict() throws {
        let found = errors(join([.shm, nil, .gloo], in: try Store.inProcess(), timeout: .seconds(2)))
        #expect(found.count == 3)
        for error in found {
            #expect(error.code == .valuesDiffer)
            #expect(error.missing(["rank 2 asked for backend gloo and rank 0 for shm"]) == [])
        }
    }

    @Test("beside a rank of PyTorch's the others take Gloo, which is the only way to it")
    func foreign() throws {
        let store = try Store.inProcess()
        // What such a rank writes before it waits for the others.
        try store.set("0//cpu//0/1", "an address")
        let error = thrownError {
            _ = try ProcessGroup(
                backend: .shm, store: store, rank: 0, worldSize: 2, timeout: .seconds(2), address: "127.0.0.1")
        }
        #expect(error?.code == .unavailableBackend)
        #expect(error?.missing(["rank 1 is of PyTorch", "only ranks of one machine can share memory"]) == [])
    }

    @Test("a rank that never says where it is keeps the others until the time limit, and they say what to do")
    func silent() throws {
        let error = thrownError {
            _ = try ProcessGroup(store: try Store.inProcess(), rank: 0, worldSize: 2, timeout: .seconds(1))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.missing(["rank 1 is missing", "--backend gloo"]) == [])
    }

    @Test("subgroups are asked anew", arguments: [nil, .gloo] as [ProcessGroup.Backend?])
    func subgroups(backend: ProcessGroup.Backend?) throws {
        let backends = try onRanks(3, backend: backend) { try $0.subgroup([0, 2])?.backend }
        #expect(backends == (backend == nil ? [.shm, nil, .shm] : [.gloo, nil, .gloo]))
    }
}
