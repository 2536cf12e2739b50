import Files
import Glibc
import HostNetwork

/// A port that listens where a rank's would, so that other machines can try to reach it.
struct DataListener {
    private let socket: Descriptor
    let address: IPAddress
    let port: Int

    /// Listens on a free port.
    ///
    /// - Parameters:
    ///   - address: this machine's.
    ///   - ports: the ports to choose from; nil for any.
    /// - Throws: ``LaunchError`` with `socketUnavailable`.
    init(on address: IPAddress, ports: ClosedRange<Int>?) throws {
        var failure = SystemFailure(EADDRINUSE)
        for port in ports ?? 0...0 {
            let family = address.family == .v4 ? AF_INET : AF_INET6
            let number = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard number >= 0 else {
                failure = SystemFailure(errno)
                break
            }
            let socket = try Descriptor(taking: number)
            let status = address.withSocketAddress(port: port) { bind(socket.number, $0, $1) }
            if status == 0, listen(socket.number, 16) == 0 {
                (self.socket, self.address, self.port) = (socket, address, Self.port(of: socket.number))
                return
            }
            failure = SystemFailure(errno)
            guard failure.number == EADDRINUSE else { break }
        }
        let range = ports.map { " from \($0.lowerBound) to \($0.upperBound)" } ?? ""
        throw LaunchError.refused(.socketUnavailable, "no port\(range) of \(address) can be listened on", failure)
    }

    /// The address for data: that of an interface in the family with which the machines have met, or the one they met by.
    ///
    /// - Throws: ``LaunchError`` with `addressUnavailable`.
    static func address(_ interface: String?, reached: IPAddress) throws -> IPAddress {
        guard let interface else { return reached }
        let addresses = try NetworkInterface(option: interface).addresses
        guard let address = addresses.first(where: { $0.family == reached.family }) ?? addresses.first else {
            throw LaunchError(.addressUnavailable, "--interface \(interface) has no address. Name one that has.")
        }
        return address
    }

    private static func port(of socket: Int32) -> Int {
        var storage = sockaddr_in6()  // as large as the other, with the port at the same place
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &storage) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return Int(UInt16(bigEndian: storage.sin6_port))
    }
}
