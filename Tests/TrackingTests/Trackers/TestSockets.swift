import Foundation
import LockstepTesting

/// A socket that listens on a free port of the loopback interface.
private func listeningSocket() throws -> (descriptor: Int32, address: URL) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
    }
    guard isBound, listen(descriptor, 16) == 0,
        let url = URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
    else { throw TestFailure(description: "no socket: \(errno)") }
    return (descriptor, url)
}

/// A port on which nothing listens.
struct ClosedPort {
    let address: URL

    init() throws {
        let socket = try listeningSocket()
        address = socket.address
        close(socket.descriptor)
    }
}

/// A server that accepts connections and says nothing, or the same to everybody.
final class SilentServer: Sendable {
    let address: URL
    private let descriptor: Int32

    init(answer: String? = nil) throws {
        let (descriptor, address) = try listeningSocket()
        self.descriptor = descriptor
        self.address = address
        guard let answer else { return }
        Thread.detachNewThread {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                var request = [UInt8](repeating: 0, count: 4096)
                _ = recv(connection, &request, request.count, 0)
                _ = Array(answer.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
                close(connection)
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

/// Why a test cannot go on.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
}
