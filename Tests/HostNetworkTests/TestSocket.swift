import Foundation
import HostNetwork

/// A TCP socket on a port that the system chose, or a connection of one, closed with the last reference.
final class TestSocket {
    let descriptor: Int32
    let port: Int

    /// Listens at an address.
    init(listeningAt address: IPAddress) throws {
        let descriptor = try Self.open(address.family == .v4 ? AF_INET : AF_INET6)
        self.descriptor = descriptor
        guard address.withSocketAddress(port: 0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        // The port stands at the same place in both kinds of socket addresses.
        port = withUnsafeBytes(of: storage) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
    }

    /// Connects to a port.
    init(connectingTo address: IPAddress, port: Int) throws {
        let descriptor = try Self.open(address.family == .v4 ? AF_INET : AF_INET6)
        self.descriptor = descriptor
        self.port = port
        guard address.withSocketAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    deinit { close(descriptor) }

    private static func open(_ family: Int32) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return descriptor
    }
}

/// The loopback addresses that this machine has.
func loopbackAddresses() throws -> [IPAddress] {
    try NetworkInterface.all().filter(\.isLoopback).flatMap(\.addresses).filter(\.isLoopback)
}
