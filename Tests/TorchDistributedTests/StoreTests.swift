import Foundation
import LockstepTesting
import Synchronization
import Testing
import TorchDistributed

@Suite struct StoreTests {
    enum Kind: String, CaseIterable { case tcp, file, inProcess, prefixed, cloned }

    /// A store, and what has to outlive it.
    private struct Opened {
        let store: Store
        let folder: TemporaryFolder
        let server: Store?
    }

    private func open(_ kind: Kind, timeout: Duration = .seconds(20)) throws -> Opened {
        let folder = try TemporaryFolder()
        let isRemote = [.tcp, .prefixed, .cloned].contains(kind)
        let server = isRemote ? try Store.tcp(host: "127.0.0.1", port: 0, isServer: true, timeout: timeout) : nil
        let store =
            switch kind {
            case .tcp: server
            case .file: try Store.file(folder.path("store"), timeout: timeout)
            case .inProcess: try Store.inProcess(timeout: timeout)
            case .prefixed: try server?.prefixed("part")
            case .cloned: try server?.clone()
            }
        return Opened(store: try #require(store), folder: folder, server: server)
    }

    /// Runs a body on several threads and waits for all of them.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        let done = DispatchGroup()
        for index in 0..<count {
            done.enter()
            Thread.detachNewThread {
                do { try body(index) } catch { failure.withLock { $0 = error } }
                done.leave()
            }
        }
        done.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    @Test("16 clients count exactly", arguments: Kind.allCases)
    func counter(kind: Kind) throws {
        let opened = try open(kind)
        // A file is locked and read anew for each operation.
        let rounds = kind == .file ? 50 : 1000
        try onThreads(16) { index in
            let client: Store
            if kind == .tcp, let port = opened.store.port {
                client = try .tcp(host: "127.0.0.1", port: port, isServer: false)
            } else {
                client = kind == .cloned ? try opened.store.clone() : opened.store
            }
            for _ in 0..<rounds { try client.add("counter", 1) }
        }
        #expect(try opened.store.add("counter", 0) == 16 * rounds)
        withExtendedLifetime(opened) {}
    }

    @Test("a key that nobody sets is waited for in vain until the time limit", arguments: Kind.allCases)
    func missing(kind: Kind) throws {
        let opened = try open(kind, timeout: .milliseconds(500))
        let start = ContinuousClock.now
        let error = thrownError { _ = try opened.store.get("missing") }
        let needed = start.duration(to: .now)
        #expect(error?.code == .timedOut)
        #expect(error?.missing(["store.get(missing)"]) == [])
        #expect(needed >= .milliseconds(450) && needed < .seconds(3))
        let other = thrownError { try opened.store.wait(for: ["missing"], timeout: .milliseconds(100)) }
        #expect(other?.code == .timedOut)
        withExtendedLifetime(opened) {}
    }

    @Test("values of all sizes and keys of all characters come back", arguments: Kind.allCases)
    func values(kind: Kind) throws {
        let opened = try open(kind)
        let store = opened.store
        defer { withExtendedLifetime(opened) {} }
        let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for (key, value) in [
            ("empty", []), ("large", large), ("a key/with = ü, 🙂\nand a line", Array("x".utf8)),
            ("zeros", [0, 0, 1, 0]),
        ] {
            try store.set(key, value)
            #expect(try store.contains(key))
            #expect(try store.get(key) == value)
        }
        try store.set("empty", "no more")
        #expect(try store.text("empty") == "no more")
        #expect(try !store.contains("nothing"))
    }

    @Test("compareSet sets what is as expected", arguments: Kind.allCases)
    func compareSet(kind: Kind) throws {
        let opened = try open(kind)
        let store = opened.store
        defer { withExtendedLifetime(opened) {} }
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        #expect(try store.compareSet("key", expected: [], desired: bytes("one")) == bytes("one"))
        #expect(try store.compareSet("key", expected: bytes("two"), desired: bytes("three")) == bytes("one"))
        #expect(try store.compareSet("key", expected: bytes("one"), desired: bytes("three")) == bytes("three"))
        #expect(try store.text("key") == "three")
    }

    @Test("a deleted key is gone", arguments: Kind.allCases)
    func delete(kind: Kind) throws {
        let opened = try open(kind)
        let store = opened.store
        defer { withExtendedLifetime(opened) {} }
        try store.set("key", "value")
        #expect(try store.delete("key"))
        #expect(try !store.contains("key"))
        #expect(try kind == .file || !store.delete("key"))
    }

    @Test("a wait ends when the last of its keys is set", arguments: Kind.allCases)
    func wait(kind: Kind) throws {
        let opened = try open(kind)
        let store = opened.store
        try onThreads(2) { index in
            let client = kind == .inProcess ? store : try store.clone()
            if index == 0 {
                try client.wait(for: ["a", "b", "c"])
                #expect(try client.contains("c"))
            } else {
                for key in ["a", "b", "c"] { try client.set(key, "set") }
            }
        }
        withExtendedLifetime(opened) {}
    }

    @Test("two prefixes do not see each other", arguments: [Kind.tcp, .file, .inProcess])
    func prefixes(kind: Kind) throws {
        let opened = try open(kind)
        let (one, other) = (try opened.store.prefixed("one"), try opened.store.prefixed("other"))
        try one.set("key", "1")
        #expect(try !other.contains("key"))
        try other.set("key", "2")
        #expect(try one.text("key") == "1")
        #expect(try opened.store.text("one/key") == "1")
        withExtendedLifetime(opened) {}
    }

    @Test("the end of the server ends a wait")
    func serverGone() throws {
        var server: Store? = try .tcp(host: "127.0.0.1", port: 0, isServer: true, timeout: .seconds(60))
        let client = try Store.tcp(host: "127.0.0.1", port: try #require(server?.port), isServer: false)
        try client.set("ready", "yes")
        let outcome = Mutex<DistributedError?>(nil)
        let done = DispatchGroup()
        done.enter()
        Thread.detachNewThread {
            let error = thrownError { _ = try client.get("never") }
            outcome.withLock { $0 = error }
            done.leave()
        }
        server = nil
        #expect(done.wait(timeout: .now() + 5) == .success)
        #expect(outcome.withLock { $0 } != nil)
        #expect(throws: DistributedError.self) { try client.contains("key") }
    }

    @Test("a server that is not there, and a port that is taken, are named")
    func unreachable() throws {
        let taken = try Store.tcp(host: "127.0.0.1", port: 0, isServer: true)
        let port = try #require(taken.port)
        let second = thrownError { _ = try Store.tcp(host: "127.0.0.1", port: port, isServer: true) }
        #expect(second?.missing(["port \(port) is used by pid \(getpid()) (", "127.0.0.1:\(port)"]) == [])
        withExtendedLifetime(taken) {}
        let nobody = thrownError {
            _ = try Store.tcp(host: "127.0.0.1", port: 1, isServer: false, timeout: .seconds(1))
        }
        #expect(nobody?.missing(["127.0.0.1:1", "rank 0 serves it"]) == [])
        #expect(
            thrownError { _ = try Store.tcp(host: "127.0.0.1", port: 70000, isServer: true) }?.code == .invalidArgument)
    }
}
