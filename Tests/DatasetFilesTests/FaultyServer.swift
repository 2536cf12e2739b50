import Foundation
import Synchronization

/// An HTTP/1.1 server on a loopback port of its own, which answers each request for a file as it was told to.
final class FaultyServer: Sendable {
    /// How a request is answered.
    enum Answer: Sendable, Hashable {
        /// Right, ranges included.
        case file
        /// Right, but always from the first byte.
        case fileIgnoringRange
        /// A status and no file.
        case status(Int)
        /// A redirect to a page of HTML.
        case redirectToPage
        /// A redirect to the same path at another server.
        case redirect(String)
        /// This part of the bytes asked for, then silence until the client goes.
        case stall(after: Double)
        /// This part of the bytes asked for, then the end of the connection.
        case close(after: Double)
        /// Half of the bytes asked for, then a byte now and then, but never the last one.
        case trickle
        /// As many bytes as expected, all zero.
        case wrongBytes
        /// As many bytes as expected, but no `Content-Length`.
        case fileWithoutLength
    }

    /// A request as it came in.
    struct Request: Sendable, Hashable {
        let path: String
        let range: String?
    }

    private struct State {
        var requests: [Request] = []
        var connections: Set<Int32> = []
        var stopped = false
    }

    private let files: [String: [UInt8]]
    private let answers: [String: [Answer]]
    private let listener: Int32
    private let state = Mutex(State())
    private let threads = DispatchGroup()
    private let gate = DispatchGroup()
    private let isGated: Bool

    /// The base URL.
    let url: String

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - files: the bytes of each file by its name.
    ///   - answers: for a name the answers to the first, second, … request, the last one for all that follow;
    ///     ``Answer/file`` where there is none. The name `*` is for all others.
    ///   - isGated: whether no request is answered before ``openGate()``.
    init(files: [String: [UInt8]], answers: [String: [Answer]] = [:], isGated: Bool = false) throws {
        _ = Self.withoutProxies
        self.isGated = isGated
        self.files = files
        self.answers = answers
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, length) == 0, listen(listener, 64) == 0 else { return -1 }
                return getsockname(listener, address, &length)
            }
        }
        guard result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        if isGated { gate.enter() }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"
        onThread { $0.acceptConnections() }
    }

    /// The requests so far, in the order of their arrival.
    var requests: [Request] { state.withLock { $0.requests } }

    /// Lets the requests that wait, and all that follow, be answered; may be called once, and only on a gated server.
    func openGate() { gate.leave() }

    /// Ends all connections and waits for the server's threads.
    func stop() {
        state.withLock { state in
            state.stopped = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
        threads.wait()
        close(listener)
    }

    /// Loopback must not go through a proxy that the environment names.
    private static let withoutProxies: Void = {
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            unsetenv(name)
        }
    }()

    private func onThread(_ body: @escaping @Sendable (FaultyServer) -> Void) {
        threads.enter()
        Thread.detachNewThread { [self] in
            body(self)
            threads.leave()
        }
    }

    private func acceptConnections() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            let isStopped = state.withLock { state in
                state.connections.insert(connection)
                return state.stopped
            }
            if isStopped { shutdown(connection, Int32(SHUT_RDWR)) }
            onThread { server in
                while server.serve(connection) {}
                server.state.withLock { _ = $0.connections.remove(connection) }
                close(connection)
            }
        }
    }

    /// Answers one request, and tells whether the connection stays open.
    private func serve(_ connection: Int32) -> Bool {
        guard let request = readRequest(connection) else { return false }
        let name = String(request.path.dropFirst())
        let earlier = state.withLock { state in
            state.requests.append(request)
            return state.requests.count { $0.path == request.path } - 1
        }
        if isGated { gate.wait() }
        if name == "page.html" {
            return send(connection, "200 OK", ["Content-Type: text/html"], Array("<html>maintenance</html>".utf8))
        }
        guard let bytes = files[name] else { return send(connection, "404 Not Found", [], []) }
        let script = answers[name] ?? answers["*"] ?? [.file]
        return answer(script[min(earlier, script.count - 1)], bytes, request, connection)
    }

    private func answer(_ answer: Answer, _ bytes: [UInt8], _ request: Request, _ connection: Int32) -> Bool {
        let start = request.range.flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
        let rest = Array(bytes.dropFirst(start ?? 0))
        let status = start == nil ? "200 OK" : "206 Partial Content"
        let range = start.map { ["Content-Range: bytes \($0)-\(bytes.count - 1)/\(bytes.count)"] } ?? []
        switch answer {
        case .file:
            return send(connection, status, range, rest)
        case .fileIgnoringRange:
            return send(connection, "200 OK", [], bytes)
        case .status(let code):
            return send(connection, "\(code) Told So", [], Array("no".utf8))
        case .redirectToPage:
            return send(connection, "302 Found", ["Location: \(url)page.html"], [])
        case .redirect(let base):
            return send(connection, "302 Found", ["Location: \(base)\(request.path.dropFirst())"], [])
        case .stall(let part):
            _ = send(connection, status, range, rest, upTo: part)
            _ = readRequest(connection)
            return false
        case .trickle:
            let half = rest.count / 2
            guard send(connection, status, range, rest, upTo: Double(half) / Double(rest.count)) else { return false }
            for byte in rest.dropFirst(half).dropLast() {
                guard write(connection, [byte]) else { return false }
                usleep(50_000)
            }
            _ = readRequest(connection)  // returns when the client has left
            return false
        case .close(let part):
            _ = send(connection, status, range, rest, upTo: part)
            return false
        case .wrongBytes:
            return send(connection, status, range, [UInt8](repeating: 0, count: rest.count))
        case .fileWithoutLength:
            _ = write(connection, Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8) + bytes)
            return false
        }
    }

    private func readRequest(_ connection: Int32) -> Request? {
        var text = ""
        var byte: UInt8 = 0
        while !text.hasSuffix("\r\n\r\n") {
            guard recv(connection, &byte, 1, 0) == 1 else { return nil }
            text.unicodeScalars.append(UnicodeScalar(byte))
        }
        let lines = text.components(separatedBy: "\r\n")
        let range = lines.first { $0.lowercased().hasPrefix("range:") }
        return Request(
            path: String(lines[0].split(separator: " ")[1]),
            range: range.map { $0.dropFirst("range:".count).trimmingCharacters(in: .whitespaces) })
    }

    private func send(
        _ connection: Int32, _ status: String, _ headers: [String], _ body: [UInt8], upTo part: Double = 1
    ) -> Bool {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.count)"] + headers
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return write(connection, head + body.prefix(Int(Double(body.count) * part)))
    }

    private func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
