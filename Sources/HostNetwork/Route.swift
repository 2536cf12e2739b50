import Glibc

/// The ways from this machine to others.
package enum Route {
    /// The address of this machine that packets to an address would carry.
    ///
    /// Nothing is sent. The result is nil for `0.0.0.0` and `::`, and where no route leads to the address.
    package static func source(towards address: IPAddress, port: Int) -> IPAddress? {
        guard !address.isUnspecified else { return nil }
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Connecting a datagram socket makes the system choose its own address; port 0 would be no destination.
        guard address.withSocketAddress(port: max(1, port), { connect(descriptor, $0, $1) }) == 0 else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let source = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0 ? IPAddress(UnsafePointer($0)) : nil
            }
        }
        return source.flatMap { $0.isUnspecified ? nil : $0 }
    }
}
