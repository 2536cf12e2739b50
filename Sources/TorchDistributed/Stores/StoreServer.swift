import Foundation
import HostNetwork

/// Where a store over TCP is served, as one of its clients sees it.
struct StoreServer: Sendable {
    /// Host and port, as they were given; the port is the real one.
    let endpoint: Endpoint
    /// Whether this process serves it.
    let isOwn: Bool
    /// Whether something serves it that starts ranks, and so knows which of them are missing.
    let isAgents: Bool
    /// The local address of this process's connection to it; nil where the system does not tell.
    let localAddress: IPAddress?

    init(endpoint: Endpoint, isOwn: Bool, isAgents: Bool) {
        self.endpoint = endpoint
        self.isOwn = isOwn
        self.isAgents = isAgents
        localAddress = Self.localAddress(ofConnectionTo: endpoint)
    }

    /// The address of the latest connection of this process to the server's port, or else of the route there.
    private static func localAddress(ofConnectionTo endpoint: Endpoint) -> IPAddress? {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let addresses = (try? HostName.addresses(of: endpoint.host)) ?? []
        let reachesItself = addresses.contains { $0.isUnspecified || $0.isLoopback }
        for descriptor in descriptors.compactMap({ Int32($0) }).sorted(by: >) {
            guard let peer = socketAddress(descriptor, getpeername), peer.port == endpoint.port,
                addresses.contains(peer.address) || reachesItself,
                let own = socketAddress(descriptor, getsockname)
            else { continue }
            return own.address
        }
        return addresses.lazy.compactMap { Route.source(towards: $0, port: endpoint.port) }.first
    }

    private static func socketAddress(
        _ descriptor: Int32,
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (address: IPAddress, port: Int)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard call(descriptor, pointer, &length) == 0, let address = IPAddress(UnsafePointer(pointer)) else {
                    return nil
                }
                // The port stands in the same place in both families.
                let port = UnsafeRawPointer(pointer).load(as: sockaddr_in.self).sin_port
                return (address, Int(UInt16(bigEndian: port)))
            }
        }
    }
}
