import Foundation
import LockstepTesting
import Synchronization
import Testing
import TorchDistributed

/// What keeps ranks of one machine from coming together, or decides where they listen.
@Suite struct JoiningTests {
    /// The group of each rank, whose ranks are threads, or why it did not come about.
    private func join(
        _ ranks: [Int], of worldSize: Int, backend: ProcessGroup.Backend? = .gloo, timeout: Duration = .seconds(20),
        portRange: ClosedRange<Int>? = nil
    ) throws -> [Result<ProcessGroup, any Error>] {
        let store = try Store.inProcess()
        return atOnce(ranks) { rank in
            try ProcessGroup(
                backend: backend, store: store, rank: rank, worldSize: worldSize, timeout: timeout,
                address: "127.0.0.1", portRange: portRange)
        }
    }

    /// What `body` gives for each element, each on a thread of its own: a pool may run one after the other.
    private func atOnce<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) throws -> Value
    ) -> [Result<Value, any Error>] {
        let results = Mutex([Result<Value, any Error>?](repeating: nil, count: elements.count))
        let done = DispatchGroup()
        for (index, element) in elements.enumerated() {
            done.enter()
            Thread.detachNewThread {
                let result = Result { try body(element) }
                results.withLock { $0[index] = result }
                done.leave()
            }
        }
        done.wait()
        return results.withLock { $0.compactMap(\.self) }
    }

    @Test("the ranks that have come all say who is missing", arguments: [nil, .gloo, .shm] as [ProcessGroup.Backend?])
    func missing(backend: ProcessGroup.Backend?) throws {
        let start = ContinuousClock.now
        // Long enough for both to come, also where other tests keep the cores busy.
        let found = errors(try join([0, 2], of: 4, backend: backend, timeout: .seconds(4)))
        #expect(start.duration(to: .now) < .seconds(20))
        #expect(found.map(\.code) == [.timedOut, .timedOut])
        for error in found {
            #expect(error.missing(["2 of 4 ranks have joined; ranks 1, 3 are missing after 4.0 s"]) == [])
        }
    }

    @Test("data is received on ports of the range that is given, in every group")
    func portRange() throws {
        // Others may have some of them: a wide range that begins anywhere.
        let range = 20000 + Int.random(in: 0..<1000)...25000
        let groups = try join([0, 1], of: 2, portRange: range).map { try $0.get() }
        let pairs = try atOnce(groups) { try $0.subgroup([0, 1]) }.map { try $0.get() }
        let endpoints = (groups + pairs.compactMap(\.self)).compactMap(\.dataEndpoint)
        let ports = endpoints.compactMap { $0.split(separator: ":").last.flatMap { Int($0) } }
        #expect(Set(ports).count == 4)
        #expect(ports.allSatisfy(range.contains))
    }

    @Test("a range without a free port is an error that names it")
    func fullRange() throws {
        let taken = try Store.tcp(host: "127.0.0.1", port: 0, isServer: true)
        let port = try #require(taken.port)
        let found = errors(try join([0], of: 1, portRange: port...port))
        #expect(found.first?.missing(["No port of \(port)-\(port) at 127.0.0.1 is free", "in use"]) == [])
        withExtendedLifetime(taken) {}
    }

    @Test("a range outside of all ports is refused", arguments: [0...10, 65000...65536])
    func impossibleRange(range: ClosedRange<Int>) throws {
        #expect(errors(try join([0], of: 1, portRange: range)).map(\.code) == [.invalidArgument])
    }

    @Test(
        "an init method that cannot be understood is an error that says how to write it",
        arguments: [
            ("tcp://10.0.0.1", "the port is missing"), ("tcp://fd00::1:23456", "brackets"),
            ("tcp://10.0.0.1:port", "not a number"), ("udp://10.0.0.1:1", "expected tcp://host:port"),
            ("tcp://10.0.0.256:1", "no IPv4 address"),
        ])
    func initMethod(text: String, words: String) {
        let error = thrownError { _ = try ProcessGroup(initMethod: text, rank: 0, worldSize: 1) }
        #expect(error?.code == .invalidInitMethod)
        #expect(error?.missing([text, words]) == [])
    }

    @Test("a backend is found by its name, and others are refused with what there is")
    func backend() throws {
        #expect(try ProcessGroup.Backend(named: "Gloo") == .gloo)
        #expect(try ProcessGroup.Backend(named: "shm") == .shm)
        for (name, words) in [("nccl", "CUDA build of LibTorch"), ("mpi", "no such backend"), ("", "no such backend")] {
            let error = thrownError { _ = try ProcessGroup.Backend(named: name) }
            #expect(error?.code == .unavailableBackend)
            #expect(error?.missing(["backend \(name): ", words, "Available: gloo, shm"]) == [])
        }
    }
}
