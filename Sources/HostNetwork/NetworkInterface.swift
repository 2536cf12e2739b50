import Glibc

/// A network interface of this machine and its addresses.
package struct NetworkInterface: Sendable, Hashable {
    /// The name, such as `eth0`.
    package let name: String
    /// Its IPv4 and IPv6 addresses, in the system's order; there may be none.
    package let addresses: [IPAddress]
    /// Whether it is switched on.
    package let isUp: Bool
    /// Whether it leads to this machine alone.
    package let isLoopback: Bool

    /// All interfaces of this machine, in the order of their indices.
    ///
    /// - Throws: ``NetworkError`` with `systemFailure` where the system lists none.
    package static func all() throws -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else {
            throw NetworkError.refused("the network interfaces of this machine cannot be listed", errno)
        }
        defer { freeifaddrs(list) }
        var found: [String: (addresses: [IPAddress], flags: UInt32)] = [:]
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            // An address may bear a label, such as eth0:1, that is no interface of its own.
            let name = String(String(cString: entry.ifa_name).prefix { $0 != ":" })
            found[name, default: ([], 0)].flags |= entry.ifa_flags
            if let address = entry.ifa_addr.flatMap({ IPAddress(UnsafePointer($0)) }) {
                found[name]?.addresses.append(address)
            }
        }
        return found.map { name, values in
            NetworkInterface(
                name: name, addresses: values.addresses, isUp: values.flags & UInt32(IFF_UP) != 0,
                isLoopback: values.flags & UInt32(IFF_LOOPBACK) != 0)
        }
        .sorted { (if_nametoindex($0.name), $0.name) < (if_nametoindex($1.name), $1.name) }
    }

    /// The interface with a name.
    ///
    /// - Throws: ``NetworkError`` with `unknownInterface`, which lists the interfaces that there are.
    package static func named(_ name: String) throws -> NetworkInterface {
        let all = try all()
        if let interface = all.first(where: { $0.name == name }) { return interface }
        let list = all.map(\.summary).joined(separator: ", ")
        guard let address = IPAddress(name) else {
            throw NetworkError(
                .unknownInterface, "there is no interface \(name) on this machine; there are: \(list).")
        }
        guard let owner = owner(of: address, among: all) else {
            throw NetworkError(
                .unknownInterface,
                "\(address) is an address, and the name of an interface belongs here; no interface of this machine has "
                    + "that address; there are: \(list).")
        }
        throw NetworkError(
            .unknownInterface,
            "\(address) is an address, and the name of an interface belongs here: \(owner.name) has that address.")
    }

    /// The interface of this machine that has an address; nil for an address of another machine.
    ///
    /// A link-local address without its interface is the first one's that has it.
    package static func owning(_ address: IPAddress) -> NetworkInterface? {
        (try? all()).flatMap { owner(of: address, among: $0) }
    }

    private static func owner(of address: IPAddress, among interfaces: [NetworkInterface]) -> NetworkInterface? {
        interfaces.first { $0.addresses.contains(address) }
            ?? interfaces.first { $0.addresses.contains { $0.withoutScope == address } }
            // The loopback interface answers for all of 127.0.0.0/8.
            ?? (address.isLoopback && address.family == .v4 ? interfaces.first(where: \.isLoopback) : nil)
    }

    /// The name and the addresses: `eth0 (10.0.0.2, fe80::1%eth0)`.
    package var summary: String {
        let list = addresses.isEmpty ? "no address" : addresses.map(\.description).joined(separator: ", ")
        return "\(name) (\(list)\(isUp ? "" : "; down"))"
    }
}
