import Foundation

/// A connection whose bytes a test writes and reads itself.
final class RawConnection: Sendable {
    private let number: Int32

    struct Failure: Error { let what: String }

    /// Connects to a port of this machine.
    init(_ port: Int) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect: \(errno)") }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(number) }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Reads until the bytes so far satisfy `isEnough`, or the other side closes.
    func read(until isEnough: (String) -> Bool = { _ in false }) throws -> String {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if isEnough(text) { return text }
            let count = recv(number, &block, block.count, 0)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == ECONNRESET { return text }
            if count < 0 { throw Failure(what: "nothing came for 20 s after: \(text.suffix(500))") }
            if count == 0 { return text }
            bytes.append(contentsOf: block[..<count])
        }
    }

    /// Asks once, and reads the answer to its end.
    static func get(
        _ path: String, port: Int, host: String? = nil, headers: [String] = [], method: String = "GET"
    ) async throws -> String {
        try await onThread {
            let connection = try RawConnection(port)
            let lines =
                ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"] + headers
            connection.write(lines.joined(separator: "\r\n") + "\r\n\r\n")
            return try connection.read()
        }
    }
}

/// Runs what waits on a thread of its own, where it holds up no other test.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
