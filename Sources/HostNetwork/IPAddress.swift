import Glibc

/// A numeric IPv4 or IPv6 address.
///
/// An IPv6 address that carries an IPv4 address (`::ffff:10.0.0.1`) is that IPv4 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The two kinds of addresses.
    package enum Family: Hashable, Sendable {
        case v4, v6
    }

    /// 4 or 16 bytes in network order.
    private let bytes: [UInt8]
    /// The index of the interface of a link-local IPv6 address; 0 for none.
    private let scope: UInt32

    /// `127.0.0.1`.
    package static let loopback = IPAddress(networkOrder: [127, 0, 0, 1])

    /// Whether it is an IPv4 or an IPv6 address.
    package var family: Family { bytes.count == 4 ? .v4 : .v6 }

    /// Reads `10.0.0.1`, `::1`, or `fe80::1%eth0`; nil for all that is no numeric address of this machine.
    ///
    /// What follows `%` is the name or the index of an interface, and stands with link-local IPv6 addresses alone.
    package init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        let address = String(first)
        var v4 = in_addr()
        if parts.count == 1, inet_pton(AF_INET, address, &v4) == 1 {
            self.init(networkOrder: withUnsafeBytes(of: v4) { Array($0) })
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, address, &v6) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            let name = String(parts[1])
            scope = if_nametoindex(name)
            if scope == 0 { scope = UInt32(name) ?? 0 }
            guard scope != 0 else { return nil }
        }
        self.init(networkOrder: withUnsafeBytes(of: v6) { Array($0) }, scope: scope)
        if parts.count == 2, self.scope == 0 { return nil }
    }

    /// The address in a socket address; nil for another family than IPv4 and IPv6.
    package init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let v4 = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
            self.init(networkOrder: withUnsafeBytes(of: v4.sin_addr) { Array($0) })
        case AF_INET6:
            let v6 = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
            self.init(networkOrder: withUnsafeBytes(of: v6.sin6_addr) { Array($0) }, scope: v6.sin6_scope_id)
        default:
            return nil
        }
    }

    /// The address of 4 or 16 bytes; a scope counts where the address is a link-local one of IPv6.
    init(networkOrder bytes: [UInt8], scope: UInt32 = 0) {
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
        self.scope = Self.isLinkLocalV6(bytes) ? scope : 0
    }

    private static func isLinkLocalV6(_ bytes: [UInt8]) -> Bool {
        bytes.count == 16 && bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    /// Whether it is an address that only this machine itself reaches: `127.0.0.0/8` or `::1`.
    package var isLoopback: Bool {
        family == .v4 ? bytes[0] == 127 : bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
    }

    /// Whether it stands for every address of a machine: `0.0.0.0` or `::`.
    package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether it counts on one link alone: `169.254.0.0/16` or `fe80::/10`.
    package var isLinkLocal: Bool {
        family == .v4 ? bytes[0] == 169 && bytes[1] == 254 : Self.isLinkLocalV6(bytes)
    }

    /// The same address without the interface that it counts on.
    package var withoutScope: IPAddress { IPAddress(networkOrder: bytes) }

    /// The address in numbers, with its interface where it has one: `fe80::1%eth0`.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = family == .v4 ? AF_INET : AF_INET6
        _ = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }
        let numbers = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard scope != 0 else { return numbers }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(scope, &name) != nil else { return "\(numbers)%\(scope)" }
        return numbers + "%" + String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The address as it stands before a port: IPv6 in brackets, `[::1]`.
    package var bracketed: String { family == .v4 ? description : "[\(description)]" }

    /// Calls `body` with the address as a socket address, which lives as long as the call.
    ///
    /// - Parameter port: from 0 to 65535; another number counts as the nearer of the two.
    package func withSocketAddress<Result>(
        port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) rethrows -> Result {
        var storage = sockaddr_storage()
        let length: Int
        switch family {
        case .v4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(clamping: port).bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
        case .v6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(clamping: port).bigEndian
            address.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            length = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
        }
        return try withUnsafePointer(to: storage) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, socklen_t(length)) }
        }
    }
}
