import Files
import Glibc
import HostNetwork

/// TCP sockets that listen for the store's clients.
enum StoreSocket {
    /// Binds a port on each address, the same on all.
    ///
    /// - Parameter port: 0 for one that the system chooses.
    /// - Returns: sockets that listen, and which the caller closes; programs that are started do not inherit them.
    /// - Throws: ``LaunchError`` with `portInUse`, `addressUnavailable` or `socketUnavailable`.
    static func listening(at addresses: [IPAddress], port: Int) throws -> (sockets: [Int32], port: Int) {
        // A port that is free on the first address need not be so on the others.
        var attempts = port == 0 ? 16 : 1
        while true {
            attempts -= 1
            do {
                return try bound(to: addresses, port: port)
            } catch let error as LaunchError where error.code == .portInUse && attempts > 0 {
                continue
            }
        }
    }

    /// Closes the connections that have come to a socket and that nobody has accepted.
    static func closeWaiting(at socket: Int32) {
        while true {
            let connection = accept(socket, nil, nil)
            if connection >= 0 {
                close(connection)
            } else if errno != EINTR, errno != ECONNABORTED {
                return
            }
        }
    }

    private static func bound(to addresses: [IPAddress], port: Int) throws -> (sockets: [Int32], port: Int) {
        var (sockets, port): ([Int32], Int) = ([], port)
        do {
            for address in addresses {
                // Where IPv4 has sockets of its own, one for all IPv6 addresses must leave IPv4's to them.
                let isExclusive = addresses.contains { $0.family == .v4 }
                let socket = try listening(at: address, port: port, isExclusive: isExclusive)
                sockets.append(socket)
                port = try Self.port(of: socket)
            }
        } catch {
            for socket in sockets { close(socket) }
            throw error
        }
        return (sockets, port)
    }

    private static func listening(at address: IPAddress, port: Int, isExclusive: Bool) throws -> Int32 {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(family, kind, 0)
        guard socket >= 0 else { throw refusal(address, port, errno) }
        // A port whose last user has just been killed can be had at once.
        set(socket, SOL_SOCKET, SO_REUSEADDR, true)
        if address.family == .v6 { set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isExclusive) }
        let status = address.withSocketAddress(port: port) { bind(socket, $0, $1) }
        guard status == 0, listen(socket, SOMAXCONN) == 0 else {
            let number = errno
            close(socket)
            throw refusal(address, port, number)
        }
        return socket
    }

    private static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Bool) {
        var number: Int32 = value ? 1 : 0
        setsockopt(socket, level, option, &number, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func port(of socket: Int32) throws -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        guard status == 0 else {
            throw LaunchError.refused(.socketUnavailable, "the store's port is not known", SystemFailure(errno))
        }
        // The port stands at the same place for both families.
        return withUnsafeBytes(of: storage) {
            Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    private static func refusal(_ address: IPAddress, _ port: Int, _ number: Int32) -> LaunchError {
        let failure = SystemFailure(number)
        return switch number {
        case EADDRINUSE:
            LaunchError(
                .portInUse,
                "port \(port) of \(address) is used by another process (\(failure.text)). End that process, or choose "
                    + "another port.", cause: failure)
        case EADDRNOTAVAIL:
            LaunchError(
                .addressUnavailable,
                "\(address), with port \(port), is no address of this machine (\(failure.text)). `ip address` lists those "
                    + "that it has.", cause: failure)
        case EACCES:
            LaunchError(
                .socketUnavailable,
                "port \(port) of \(address) is for privileged users (\(failure.text)). Choose one from 1024 to 65535.",
                cause: failure)
        default:
            .refused(.socketUnavailable, "no port \(port) of \(address) can be had for the store", failure)
        }
    }
}
