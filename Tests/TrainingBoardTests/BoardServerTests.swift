import Foundation
import Testing

@testable import TrainingBoard

@Suite("The board over the network")
struct BoardServerTests {
    private let folder: BoardFolder

    init() throws { folder = try BoardFolder() }

    private func options(host: String = "127.0.0.1", token: String? = nil) -> BoardOptions {
        BoardOptions(folder: folder.path, host: host, port: 0, token: token)
    }

    /// Asks for a path and expects a status, whole or its first digit.
    private func expect(
        _ status: Int, _ path: String, port: Int, host: String? = nil, headers: [String] = [], method: String = "GET"
    ) async throws {
        let answer = try await RawConnection.get(path, port: port, host: host, headers: headers, method: method)
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(path.prefix(80)) \(answer.prefix(80))")
    }

    @Test("another name for this machine is refused, as DNS rebinding would use it")
    func rebinding() async throws {
        try await withBoard(options()) { port, address in
            #expect(address == "http://127.0.0.1:\(port)/")
            try await expect(200, "/api/runs", port: port)
            try await expect(200, "/api/runs", port: port, host: "localhost:\(port)")
            try await expect(403, "/api/runs", port: port, host: "evil.example:\(port)")
            try await expect(403, "/", port: port, host: "127.0.0.1")
            try await expect(403, "/api/runs", port: port, headers: ["Sec-Fetch-Site: cross-site"])
            try await expect(405, "/api/runs", port: port, method: "POST")
        }
    }

    @Test("with another host the page needs its token, which then is a cookie")
    func token() async throws {
        try await withBoard(options(host: "0.0.0.0")) { port, address in
            let token = try #require(address.split(separator: "=").last.map(String.init))
            #expect(token.count == 32)
            try await expect(401, "/", port: port)
            try await expect(401, "/api/runs?token=wrong", port: port)
            let answer = try await RawConnection.get("/?token=\(token)", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 303"))
            #expect(answer.contains("Location: /\r\n"))
            #expect(answer.contains("Set-Cookie: lockstep-board-\(port)=\(token); Path=/; HttpOnly; SameSite=Lax"))
            let cookie = "Cookie: lockstep-board-\(port)=\(token)"
            try await expect(200, "/api/runs", port: port, headers: [cookie])
            try await expect(200, "/api/runs?token=\(token)", port: port)
        }
    }

    @Test("requests without end are refused")
    func limits() async throws {
        try await withBoard(options()) { port, _ in
            let long = String(repeating: "x", count: 20_000)
            try await expect(4, "/", port: port, headers: ["X: \(long)"])
            let many = (0..<200).map { "X-\($0): y" }
            try await expect(4, "/", port: port, headers: many)
            try await expect(4, "/\(String(repeating: "y", count: 9000))", port: port)
            try await expect(200, "/", port: port)
        }
    }

    @Test("events tell the list and what changes in it, and go on where a page left off")
    func events() async throws {
        try folder.write(BoardFolder.metrics(1...3), to: "a/metrics.jsonl")
        let folder = folder
        try await withBoard(options()) { port, _ in
            let id = try await onThread {
                let connection = try RawConnection(port)
                connection.write("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
                let first = try connection.read { $0.contains(#""step":3"#) && $0.hasSuffix("\n\n\r\n") }
                #expect(first.contains("text/event-stream"))
                #expect(first.contains("event: runs"))
                try folder.append(BoardFolder.metrics(4...4), to: "a/metrics.jsonl")
                let second = try connection.read { $0.contains(#""step":4"#) && $0.hasSuffix("\n\n\r\n") }
                #expect(second.contains(#""whole":false"#))
                // A quiet stream says that it is there.
                _ = try connection.read { $0.contains("event: beat") }
                return try #require(
                    second.split(whereSeparator: \.isNewline).last { $0.hasPrefix("id: ") }?.dropFirst(4)
                ).description
            }
            try await onThread {
                let connection = try RawConnection(port)
                connection.write("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nLast-Event-ID: \(id)\r\n\r\n")
                try folder.append(BoardFolder.metrics(5...5), to: "a/metrics.jsonl")
                let rest = try connection.read { $0.contains(#""step":5"#) }
                #expect(!rest.contains(#""whole":true"#))
                let other = try RawConnection(port)
                other.write("GET /api/events?last=other-7 HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
                #expect(try other.read { $0.contains(#""step":5"#) }.contains(#""whole":true"#))
            }
        }
    }

    @Test("more streams than there are places are refused, and a page that goes gives its place back")
    func streams() async throws {
        try await withBoard(options()) { port, _ in
            let request = "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n"
            try await onThread {
                var connections: [RawConnection] = []
                for _ in 0..<EventStreams.mostStreams {
                    let connection = try RawConnection(port)
                    connection.write(request)
                    #expect(try connection.read { $0.contains("event: runs") }.hasPrefix("HTTP/1.1 200"))
                    connections.append(connection)
                }
                let refused = try RawConnection(port)
                refused.write(request)
                #expect(try refused.read { $0.contains("\r\n") }.hasPrefix("HTTP/1.1 503"))
                connections.removeAll()
                let deadline = Date() + 20
                while Date() < deadline {
                    let again = try RawConnection(port)
                    again.write(request)
                    if try again.read(until: { $0.contains("\r\n") }).hasPrefix("HTTP/1.1 200") { return }
                }
                Issue.record("no place was given back")
            }
        }
    }

    @Test("a port that is taken is named, and without a port the next free one is served")
    func ports() async throws {
        let folder = folder
        try await withBoard(options()) { port, _ in
            let error = await #expect(throws: BoardError.self) {
                try await withBoard(BoardOptions(folder: folder.path, port: port)) { _, _ in }
            }
            #expect(error?.code == .portInUse)
            #expect(error?.message.contains("\(port)") == true)
        }
        let ports = try await served(2)
        #expect(Set(ports).count == 2)
        #expect(ports.allSatisfy { BoardOptions.standardPorts.contains($0) })
    }

    /// The ports of so many boards that are served at once, none of which names one.
    private func served(_ count: Int) async throws -> [Int] {
        guard count > 0 else { return [] }
        let server = try BoardServer(BoardOptions(folder: folder.path))
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        let task = Task { try await server.run { continuation.yield($0) } }
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        let port = try #require(URL(string: address)?.port)
        let rest = try await served(count - 1)
        task.cancel()
        try await task.value
        return [port] + rest
    }

    @Test("a host that this machine does not have is named")
    func host() async throws {
        let error = await #expect(throws: BoardError.self) {
            try await withBoard(BoardOptions(folder: "runs", host: "192.0.2.1", port: 0)) { _, _ in }
        }
        #expect(error?.code == .addressUnavailable)
        #expect(error?.message.contains("192.0.2.1") == true)
    }
}
