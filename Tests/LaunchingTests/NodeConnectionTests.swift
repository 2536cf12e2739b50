import Glibc
import RankProtocol
import Synchronization
import Testing

@testable import Launching

@Suite("A connection between launchers")
struct NodeConnectionTests {
    private static let quick = NodeConnection.Heartbeat(interval: .milliseconds(50), limit: .milliseconds(500))

    /// No sign but the lines.
    private static let silent = NodeConnection.Heartbeat(interval: .seconds(3600), limit: .seconds(3600))

    /// A launcher that says what the test says.
    private func rawNode(_ host: NodeConnectionHost) async throws -> (StoreRawClient, far: NodeConnection) {
        let raw = try StoreRawClient(port: host.port)
        raw.send(NodeConnection.greeting)
        #expect(raw.read(NodeConnection.greeting.count) == NodeConnection.greeting)
        return (raw, try await host.accept())
    }

    @Test("carries lines of all sizes in order, both ways")
    func lines() async throws {
        let host = try NodeConnectionHost()
        let (near, far) = try await host.pair()
        defer { withExtendedLifetime((near, far)) {} }
        let (nearHeard, farHeard) = (NodeConnectionEvents(), NodeConnectionEvents())
        near.start(nearHeard.add)
        far.start(farHeard.add)
        let longest = MessageFraming.maximumLineLength
        let lines =
            (0..<1000).map { $0 % 100 == 0 ? String(repeating: "x", count: 60_000) : "line \($0)" }
            + [String(repeating: "y", count: longest)]
        for (index, line) in lines.enumerated() {
            // With and without the line's end.
            near.send(Array(line.utf8) + (index % 2 == 0 ? [UInt8(ascii: "\n")] : []))
            far.send(Array("back \(index)".utf8))
        }
        try await waitUntil("all lines") {
            farHeard.lines.count >= lines.count && nearHeard.lines.count >= lines.count
        }
        #expect(farHeard.lines == lines)
        #expect(nearHeard.lines == lines.indices.map { "back \($0)" })
    }

    @Test("carries a line from each of many threads whole")
    func threads() async throws {
        let host = try NodeConnectionHost()
        let (near, far) = try await host.pair()
        defer { withExtendedLifetime((near, far)) {} }
        let heard = NodeConnectionEvents()
        far.start(heard.add)
        for thread in 0..<8 {
            try BackgroundThread.start { for index in 0..<100 { near.send(Array("\(thread) \(index)".utf8)) } }
        }
        try await waitUntil("all lines") { heard.lines.count == 800 }
        for thread in 0..<8 {
            #expect(heard.lines.filter { $0.hasPrefix("\(thread) ") } == (0..<100).map { "\(thread) \($0)" })
        }
    }

    @Test("keeps what has come before anybody listens", arguments: [false, true])
    func early(closes: Bool) async throws {
        let host = try NodeConnectionHost(heartbeat: Self.silent)
        let (raw, far) = try await rawNode(host)
        defer { withExtendedLifetime((raw, far)) {} }
        raw.send("one\ntwo\n")
        if closes { raw.reset() }
        let heard = NodeConnectionEvents()
        // A round trip on another connection, which the same thread serves later.
        let (near, other) = try await host.pair(heartbeat: Self.silent)
        defer { withExtendedLifetime((near, other)) {} }
        let pong = NodeConnectionEvents()
        other.start(pong.add)
        near.send(Array("ping".utf8))
        try await waitUntil("the other connection's line") { pong.lines == ["ping"] }
        far.start(heard.add)
        try await waitUntil("the lines") { heard.lines == ["one", "two"] || closes && heard.end != nil }
    }

    @Test(
        "shows numeric addresses, and IPv4's as such",
        arguments: [["127.0.0.1"], ["0.0.0.0"], ["::"], ["0.0.0.0", "::"]])
    func addresses(hosts: [String]) async throws {
        let host = try NodeConnectionHost(hosts)
        let (near, far) = try await host.pair()
        for connection in [near, far] {
            #expect(connection.localAddress == "127.0.0.1")
            #expect(connection.remoteAddress == "127.0.0.1")
        }
    }

    @Test("comes from the address that it is told")
    func localAddress() async throws {
        let host = try NodeConnectionHost()
        let (near, far) = try await host.pair(from: "127.0.0.5")
        #expect(near.localAddress == "127.0.0.5")
        #expect(far.remoteAddress == "127.0.0.5")
    }

    @Test("delivers all that was sent before it is closed, and the end last", arguments: [false, true])
    func close(fromHandler: Bool) async throws {
        let host = try NodeConnectionHost()
        let (near, far) = try await host.pair()
        let (nearHeard, farHeard) = (NodeConnectionEvents(), NodeConnectionEvents())
        near.start(nearHeard.add)
        if fromHandler {
            far.start { event in
                farHeard.add(event)
                if event == .line(Array("999".utf8)) { far.close() }
            }
        } else {
            far.start(farHeard.add)
        }
        for index in 0..<1000 { near.send(Array("\(index)".utf8)) }
        // Lines in the other direction must not cost any in this one.
        for index in 0..<1000 { far.send(Array("\(index)".utf8)) }
        if !fromHandler { near.close() }
        try await waitUntil("both ends") { nearHeard.end != nil && farHeard.end != nil }
        #expect(farHeard.lines == (0..<1000).map { "\($0)" })
        let (own, others) = ("this side closed the connection", "it closed the connection")
        #expect([nearHeard.end, farHeard.end] == (fromHandler ? [others, own] : [own, others]))
        near.send(Array("too late".utf8))
        near.close()
        far.close()
        #expect(nearHeard.end != nil)
    }

    @Test("delivers what was under way when the other side's process ended")
    func inFlight() async throws {
        let host = try NodeConnectionHost(heartbeat: Self.silent)
        var (raw, far): (StoreRawClient?, NodeConnection) = try await rawNode(host)
        defer { withExtendedLifetime(far) {} }
        let heard = NodeConnectionEvents()
        far.start(heard.add)
        let lines = (0..<1000).map { "line \($0)" }
        raw?.send(lines.joined(separator: "\n") + "\nhalf a li")
        raw = nil
        try await waitUntil("the end") { heard.end != nil }
        #expect(heard.lines == lines)
        #expect(heard.end == "it closed the connection")
    }

    @Test("closes in bounded time where the other side does not react")
    func closeWithoutAnswer() async throws {
        let host = try NodeConnectionHost(heartbeat: Self.silent)
        let (raw, far) = try await rawNode(host)
        let start = ContinuousClock.now
        far.send(Array("last words".utf8))
        far.close()
        #expect(start.duration(to: .now) < .seconds(20))
        #expect(raw.read(11) == Array("last words\n".utf8))
        #expect(raw.isAtEnd)
    }

    @Test("closes when nobody has it any more")
    func dropped() async throws {
        let host = try NodeConnectionHost()
        var (near, far): (NodeConnection?, NodeConnection) = try await host.pair()
        let heard = NodeConnectionEvents()
        far.start(heard.add)
        #expect(near?.remoteAddress == "127.0.0.1")
        near = nil
        try await waitUntil("the end") { heard.end == "it closed the connection" }
    }

    // MARK: Heartbeats

    @Test("is lost when nothing is heard for the limit, though lines can be sent")
    func silence() async throws {
        let host = try NodeConnectionHost(heartbeat: Self.quick)
        let (raw, far) = try await rawNode(host)
        defer { withExtendedLifetime((raw, far)) {} }
        let heard = NodeConnectionEvents()
        far.start(heard.add)
        try await waitUntil("the end") { heard.end != nil }
        #expect(heard.end == "nothing has been heard of it for 0.5 s")
        #expect(heard.lines == [])
        // Heartbeats went out meanwhile.
        #expect(raw.read(3) == Array("\n\n\n".utf8))
    }

    @Test("lasts as long as both sides show that they are there")
    func heartbeats() async throws {
        let host = try NodeConnectionHost(heartbeat: Self.quick)
        let (near, far) = try await host.pair(heartbeat: Self.quick)
        defer { withExtendedLifetime((near, far)) {} }
        let (nearHeard, farHeard) = (NodeConnectionEvents(), NodeConnectionEvents())
        near.start(nearHeard.add)
        far.start(farHeard.add)
        // Three times the limit: long enough for a side that heard nothing to say so.
        for _ in 0..<3 {
            let (raw, silent) = try await rawNode(host)
            defer { withExtendedLifetime((raw, silent)) {} }
            let heard = NodeConnectionEvents()
            silent.start(heard.add)
            try await waitUntil("the end of a silent connection") { heard.end != nil }
        }
        near.send(Array("still here".utf8))
        try await waitUntil("a line") { farHeard.lines == ["still here"] }
        #expect(nearHeard.all == [])
    }

    // MARK: Failures

    @Test("says how it was lost", arguments: [(true, ""), (false, ""), (false, "\n")])
    func reset(isReset: Bool, lineEnd: String) async throws {
        let host = try NodeConnectionHost(heartbeat: Self.silent)
        let (raw, far) = try await rawNode(host)
        defer { withExtendedLifetime(far) {} }
        let heard = NodeConnectionEvents()
        far.start(heard.add)
        if isReset {
            raw.reset()
        } else {
            raw.send(String(repeating: "x", count: MessageFraming.maximumLineLength + 1) + lineEnd)
        }
        try await waitUntil("the end") { heard.end != nil }
        #expect(heard.end == (isReset ? "it reset the connection" : "it sent a line of more than 65536 bytes"))
        #expect(raw.isAtEnd == !isReset)
    }

    @Test("is not made where nothing listens, or the name is unknown")
    func refused() throws {
        let port: Int
        do {
            port = try NodeConnectionListener().port
        }
        let refused = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "127.0.0.1", port: port, timeout: .seconds(60))
        }
        #expect(refused?.code == .rendezvousFailed)
        #expect(refused?.message == "127.0.0.1:\(port): nothing listens there yet: Connection refused (errno 111).")
        let unknown = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "no-such-host.invalid", port: port, timeout: .seconds(60))
        }
        #expect(unknown?.code == .rendezvousFailed)
        #expect(unknown?.message.contains("no-such-host.invalid") == true)
    }

    @Test("tries all addresses of a name")
    func allAddresses() async throws {
        let host = try NodeConnectionHost()
        let near = try NodeConnection.connect(to: "localhost", port: host.port, timeout: .seconds(60))
        #expect(near.remoteAddress == "127.0.0.1")
        _ = try await host.accept()
    }

    @Test("is not made from an address that is not this machine's", arguments: ["192.0.2.1", "nonsense"])
    func foreignAddress(local: String) throws {
        let host = try NodeConnectionHost()
        let error = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "127.0.0.1", port: host.port, from: local, timeout: .seconds(60))
        }
        #expect(error?.code == .addressUnavailable)
        #expect(error?.message.contains(local) == true)
        let other = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "127.0.0.1", port: host.port, from: "::1", timeout: .seconds(60))
        }
        #expect(other?.message.contains("::1") == true)
    }

    @Test("is not made with what is no launcher", arguments: ["HTTP/1.1 400 Bad Request\r\n", "", "LOCKSTEP-NODE 9\n"])
    func noLauncher(answer: String) throws {
        let listener = try NodeConnectionListener()
        try BackgroundThread.start {
            guard let raw = try? listener.accept() else { return }
            #expect(raw.read(NodeConnection.greeting.count) == NodeConnection.greeting)
            raw.send(answer)
        }
        let error = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "127.0.0.1", port: listener.port, timeout: .seconds(60))
        }
        #expect(error?.code == .rendezvousFailed)
        let reason = answer.isEmpty ? "it closed the connection" : "it is no launcher of this version"
        #expect(error?.message == "127.0.0.1:\(listener.port): \(reason).")
    }

    @Test("is not made with what does not answer, which is found out in time", arguments: [false, true])
    func noAnswer(isFull: Bool) throws {
        let listener = try NodeConnectionListener()
        // The system answers no more where as many as may wait do.
        let others = isFull ? try listener.fill() : []
        defer { withExtendedLifetime(others) {} }
        let start = ContinuousClock.now
        let error = #expect(throws: LaunchError.self) {
            try NodeConnection.connect(to: "127.0.0.1", port: listener.port, timeout: .milliseconds(300))
        }
        #expect(error?.message == "127.0.0.1:\(listener.port): \(isFull ? "no answer" : "it did not greet") in time.")
        #expect(start.duration(to: .now) < .seconds(20))
    }
}
