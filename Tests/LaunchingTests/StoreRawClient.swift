import Glibc

/// A TCP connection that says just what a test wants.
final class StoreRawClient: Sendable {
    private let socket: Int32

    /// Connects to a port of this machine; each read may take a minute.
    init(port: Int, host: String = "127.0.0.1") throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) }
        }
        guard status == 0 else { throw Waited(description: "\(host):\(port): \(String(cString: strerror(errno)))") }
    }

    init(accepted socket: Int32) {
        self.socket = socket
    }

    deinit { close(socket) }

    /// Sends bytes; what the other side does not take any more is lost.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Reads `count` bytes, fewer where the stream ends before.
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: max(1, count))
        while bytes.count < count {
            let read = recv(socket, &block, count - bytes.count, 0)
            guard read > 0 else { break }
            bytes += block[..<read]
        }
        return bytes
    }

    /// Whether the other side has closed the connection and sent nothing before.
    var isAtEnd: Bool {
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, 0)
        return count == 0 || count < 0 && errno == ECONNRESET
    }

    /// Ends the connection as a machine does that has no such connection.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // The connection goes now, the number with this object.
        let other = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        dup2(other, socket)
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        close(other)
    }
}

/// Bytes of the store's protocol.
enum StoreBytes {
    static let greeting = number(UInt8(0)) + number(UInt32(0x3C85_F7CE))

    static func number<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }

    static func string(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

    static func set(_ key: String, _ value: String) -> [UInt8] { [1] + string(key) + string(value) }
    static func get(_ key: String) -> [UInt8] { [3] + string(key) }
    static func wait(_ keys: [String]) -> [UInt8] { [6] + number(UInt64(keys.count)) + keys.flatMap(string) }
    static func ping(_ nonce: UInt32) -> [UInt8] { [13] + number(nonce) }
}
