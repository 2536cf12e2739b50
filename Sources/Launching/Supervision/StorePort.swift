import Files
import Glibc

/// A TCP port of the loopback interface for rank 0's store: bound, so that nobody else gets it, and not listening.
struct StorePort: Sendable {
    static let address = "127.0.0.1"

    let socket: Descriptor
    let port: Int

    /// Binds a port that the system chooses.
    ///
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    init() throws {
        let number = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Self.refusal() }
        socket = try Descriptor(taking: number)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket.number
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 ? getsockname(descriptor, address, &length) : -1
            }
        }
        guard status == 0 else { throw Self.refusal() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    private static func refusal() -> LaunchError {
        .refused(.socketUnavailable, "no TCP port of \(address) can be had for the ranks' store", SystemFailure(errno))
    }
}
