import Foundation
import LockstepTesting
import Synchronization
import Testing
import TorchDistributed

@testable import Launching

/// PyTorch's own clients at our server: c10d's through `Store`, and Python's.
@Suite("PyTorch's clients of the store")
struct StoreClientTests {
    private func server() throws -> StoreServer {
        try StoreServer(
            addresses: [("127.0.0.1", 0)],
            onRefusal: { Issue.record("\($0)") }, onNode: { _ in Issue.record("a rank was taken for a launcher") })
    }

    private func store(_ server: StoreServer, timeout: Duration = .seconds(60)) throws -> Store {
        try Store.tcp(host: "127.0.0.1", port: server.port, isServer: false, timeout: timeout)
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

    @Test("get what they set, in all sizes and with all characters")
    func values() throws {
        let server = try server()
        let store = try store(server)
        let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for (key, value) in [
            ("empty", []), ("large", large), ("a key/with = ü, 🙂\nand a line", Array("x".utf8)),
            ("zeros", [0, 0, 1, 0]), ("", [1]),
        ] {
            #expect(try !store.contains(key))
            try store.set(key, value)
            #expect(try store.contains(key))
            #expect(try store.get(key) == value)
        }
        #expect(try store.keyCount() == 5)
        #expect(try store.compareSet("empty", expected: [], desired: [7]) == [7])
        #expect(try store.compareSet("empty", expected: [], desired: [8]) == [7])
        #expect(try store.compareSet("none", expected: [1], desired: [8]) == [1])
        #expect(try store.delete("large"))
        #expect(try !store.delete("large"))
        #expect(try store.keyCount() == 4)
    }

    @Test("count exactly, 16 at a time")
    func counting() throws {
        let server = try server()
        let port = server.port
        try onThreads(16) { _ in
            let client = try Store.tcp(host: "127.0.0.1", port: port, isServer: false)
            for _ in 0..<1000 { try client.add("counter", 1) }
        }
        #expect(try store(server).add("counter", 0) == 16_000)
    }

    @Test("wait until a key is set, or until their time is over, and go on then")
    func waiting() throws {
        let server = try server()
        let (one, two) = (try store(server), try store(server))
        for round in 0..<3 {
            let error = #expect(throws: DistributedError.self) {
                try one.wait(for: ["present \(round)", "absent"], timeout: .milliseconds(50))
            }
            #expect(error?.code == .timedOut)
            try onThreads(2) { index in
                if index == 0 {
                    #expect(try one.text("key \(round)") == "value")
                } else {
                    try two.set("present \(round)", "")
                    try two.set("key \(round)", "value")
                }
            }
        }
    }

    @Test("whose time ends as the key comes stay in step with the server")
    func crossing() throws {
        let server = try server()
        let (waiting, setting) = (try store(server), try store(server))
        for round in 0..<200 {
            try onThreads(2) { index in
                if index == 0 {
                    // Either outcome is right; the next answer must be the next question's.
                    try? waiting.wait(for: ["key \(round)"], timeout: .milliseconds(1))
                } else {
                    try setting.set("key \(round)", "\(round)")
                }
            }
            #expect(try waiting.text("key \(round)") == "\(round)")
        }
    }

    @Test("keep what has a prefix apart")
    func prefixes() throws {
        let server = try server()
        let store = try store(server)
        let (one, two) = (try store.prefixed("one"), try store.prefixed("two"))
        try one.set("key", "1")
        #expect(try !two.contains("key"))
        try two.set("key", "2")
        #expect(try one.text("key") == "1")
        #expect(try store.text("two/key") == "2")
        #expect(try store.keyCount() == 2)
    }

    @Test("find nothing of the generation before, and cannot touch the next one")
    func generations() throws {
        let server = try server()
        for generation in 0..<3 {
            let old = try store(server)
            #expect(try old.keyCount() == 0)
            #expect(try old.add("counter", 1) == 1)
            try old.set("generation", "\(generation)")
            #expect(try old.text("generation") == "\(generation)")
            server.reset()
            let error = #expect(throws: DistributedError.self) { try old.add("counter", 1) }
            #expect(error?.code != .timedOut)
        }
    }

    @Test(
        "of Python do all that there is",
        .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)),
        arguments: [true, false])
    func python(usesLibUV: Bool) throws {
        let server = try server()
        let output = try PyTorchPython.run(Self.script, arguments: ["\(server.port)", usesLibUV ? "1" : "0"])
        #expect(output == "done\n")
    }

    @Test(
        "of Python ranks form a group, as ranks of a launcher do",
        .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
    func group() throws {
        let server = try server()
        #expect(try PyTorchPython.run(Self.ranks, arguments: ["\(server.port)", Self.rank]) == "the sum is 3.0\n")
    }

    /// What each rank does.
    private static let rank = """
        import torch, torch.distributed as dist
        dist.init_process_group("gloo")
        value = torch.tensor([dist.get_rank() + 1.0])
        dist.all_reduce(value)
        dist.barrier()
        if dist.get_rank() == 0: print("the sum is", value.item())
        dist.destroy_process_group()
        """

    /// Starts two ranks with a launcher's variables.
    private static let ranks = """
        import os, subprocess, sys
        variables = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": sys.argv[1],
                     "TORCHELASTIC_USE_AGENT_STORE": "True", "GLOO_SOCKET_IFNAME": "lo"}
        ranks = [subprocess.Popen([sys.executable, "-c", sys.argv[2]], env={**os.environ, **variables, "RANK": str(rank)})
                 for rank in range(2)]
        sys.exit(max(abs(rank.wait()) for rank in ranks))
        """

    private static let script = """
        import sys, threading
        from datetime import timedelta
        import torch.distributed as dist

        port, libuv = int(sys.argv[1]), sys.argv[2] == "1"

        def connect(timeout=60):
            return dist.TCPStore("127.0.0.1", port, is_master=False, use_libuv=libuv, timeout=timedelta(seconds=timeout))

        def raises(kind, call):
            try:
                call()
            except kind:
                return True
            return False

        def expect(actual, expected):
            assert actual == expected, f"{actual!r} instead of {expected!r}"

        store, other = connect(), connect()
        store.set("a\\0b", "with\\0zero")
        expect(store.get("a\\0b"), b"with\\0zero")
        expect(store.check(["a"]), False)
        store.set("empty", "")
        expect(store.get("empty"), b"")
        expect([store.add("n", 5), other.add("n", -7), store.get("n")], [5, -2, b"-2"])
        expect([store.compare_set("c", "", "1"), other.compare_set("c", "2", "3"), other.compare_set("c", "1", "3")],
               [b"1", b"1", b"3"])
        store.append("list", "one,")
        # An answer, since appending has none, and the server may read another connection first.
        expect(store.check(["list"]), True)
        other.append("list", "two,")
        expect(store.get("list"), b"one,two,")
        store.multi_set(["x", "y"], ["1", "22"])
        expect(other.multi_get(["x", "list", "y"]), [b"1", b"one,two,", b"22"])
        expect(other.multi_get([]), [])
        expect(sorted(store.list_keys()), sorted(["a\\0b", "empty", "n", "c", "list", "x", "y"]))
        expect(store.num_keys(), 7)
        expect([store.delete_key("x"), store.delete_key("x")], [True, False])
        expect([store.check(["y", "n"]), store.check(["y", "x"]), store.check([])], [True, False, True])
        store.wait(["y", "n"])
        for _ in range(3):
            assert raises(dist.DistStoreError, lambda: store.wait(["y", "never"], timedelta(milliseconds=50)))
            expect(store.get("y"), b"22")
        large = "x" * (8 << 20)
        store.set("large", large)
        expect(other.get("large"), large.encode())

        setter = threading.Timer(0.05, lambda: other.set("late", "v"))
        setter.start()
        expect(store.get("late"), b"v")
        setter.join()

        both = [threading.Thread(target=s.barrier, args=("barrier", 2, timedelta(seconds=60))) for s in (store, other)]
        for thread in both: thread.start()
        for thread in both: thread.join()
        expect(store.get("barrier"), b"2")
        assert raises(dist.DistStoreError, lambda: store.barrier("lonely", 2, timedelta(milliseconds=50)))
        first, second = dist.PrefixStore("first", store), dist.PrefixStore("second", store)
        first.set("k", "1")
        second.set("k", "2")
        expect([first.get("k"), second.get("k"), first.clone().get("k")], [b"1", b"2", b"1"])

        if libuv:
            store.queue_push("q", "one")
            store.queue_push("q", "two")
            expect([store.queue_len("q"), store.queue_len("none"), store.check(["q"])], [2, 0, True])
            expect([other.queue_pop("q"), store.queue_pop("q", False)], [b"one", b"two"])
            assert raises(dist.QueueEmptyError, lambda: store.queue_pop("q", False))
            store.set_timeout(timedelta(milliseconds=50))
            assert raises(dist.DistStoreError, lambda: store.queue_pop("q"))
            popped = []
            clients = [connect() for _ in range(4)]
            threads = [threading.Thread(target=lambda c=c: popped.append(c.queue_pop("q"))) for c in clients]
            for thread in threads: thread.start()
            for index in range(4): other.queue_push("q", str(index))
            for thread in threads: thread.join()
            expect(sorted(popped), [b"0", b"1", b"2", b"3"])
        print("done")
        """
}
