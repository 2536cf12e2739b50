import Foundation
import HostNetwork

/// Where the ranks of a group listen for data, as they have told each other; those of PyTorch tell nothing.
struct DataPorts {
    let store: Store
    let rank: Int
    let worldSize: Int
    /// This rank's; nil where it is not known.
    let own: Endpoint?

    /// Where another rank listens.
    struct Target {
        let rank: Int
        let endpoint: Endpoint
        let address: IPAddress
    }

    static func key(_ rank: Int) -> String { "lockstep/data/\(rank)" }

    /// Tells where this rank listens.
    func publish() throws {
        if let own { try store.set(Self.key(rank), "\(own)") }
    }

    /// Where another rank listens; nil where it has not told.
    func endpoint(of other: Int) -> Endpoint? {
        guard (try? store.contains(Self.key(other))) == true, let text = try? store.text(Self.key(other)) else {
            return nil
        }
        return try? Endpoint(parsing: text)
    }

    /// The ranks that this one connects to, and where; the rest connect to this one.
    ///
    /// Of two ranks Gloo lets the one with the greater address connect, or with the greater port at the same address.
    func targets() -> [Target] {
        guard let own, let place = Self.order(own) else { return [] }
        return (0..<worldSize).compactMap { other in
            guard other != rank, let endpoint = endpoint(of: other), let address = IPAddress(endpoint.host),
                let theirs = Self.order(endpoint), theirs.lexicographicallyPrecedes(place)
            else { return nil }
            return Target(rank: other, endpoint: endpoint, address: address)
        }
    }

    /// The error for ranks that meet over IPv4 and IPv6 at once; nil where they do not.
    func differentFamilies() -> DistributedError? {
        var ranks: [IPAddress.Family: [Int]] = [:]
        for other in 0..<worldSize {
            let endpoint = other == rank ? own : endpoint(of: other)
            guard let family = endpoint.flatMap({ IPAddress($0.host)?.family }) else { continue }
            ranks[family, default: []].append(other)
        }
        guard let v4 = ranks[.v4], let v6 = ranks[.v6] else { return nil }
        return DistributedError(
            .failed,
            "\(ranksInWords(v4)) would exchange data over IPv4 and \(ranksInWords(v6)) over IPv6, which Gloo cannot. Give "
                + "all ranks an address of the store in the same family, or name interfaces with GLOO_SOCKET_IFNAME.")
    }

    /// Address and port as Gloo compares them.
    private static func order(_ endpoint: Endpoint) -> [UInt8]? {
        IPAddress(endpoint.host)?.withSocketAddress(port: endpoint.port) { address, _ in
            let bytes = UnsafeRawPointer(address)
            let isV4 = Int32(address.pointee.sa_family) == AF_INET
            let numbers = UnsafeRawBufferPointer(start: bytes + (isV4 ? 4 : 8), count: isV4 ? 4 : 16)
            // It takes the port's bytes, which stand in network order, for a number of this machine.
            let port = bytes.load(as: sockaddr_in.self).sin_port
            return Array(numbers) + [UInt8(port >> 8), UInt8(port & 255)]
        }
    }
}
