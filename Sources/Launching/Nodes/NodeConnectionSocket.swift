import Files
import Glibc
import HostNetwork

/// TCP sockets that are connected to another launcher.
enum NodeConnectionSocket {
    /// Connects, and returns a socket that the caller closes, and that programs that are started do not inherit.
    ///
    /// - Throws: ``LaunchError`` with `rendezvousFailed`, and the reason alone as its message; with `addressUnavailable`
    ///   where the local address is none of this machine's.
    static func connected(
        to address: IPAddress, port: Int, from local: IPAddress?, until deadline: ContinuousClock.Instant
    ) throws -> Int32 {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(family, kind, 0)
        guard socket >= 0 else {
            throw LaunchError.refused(.socketUnavailable, "the system gave no socket", SystemFailure(errno))
        }
        do {
            if let local { try bind(socket, to: local) }
            let status = address.withSocketAddress(port: port) { connect(socket, $0, $1) }
            if status != 0, errno != EINPROGRESS { throw refusal(errno) }
            if status != 0 { try wait(for: socket, until: deadline) }
        } catch {
            close(socket)
            throw error
        }
        return socket
    }

    private static func bind(_ socket: Int32, to local: IPAddress) throws {
        guard local.withSocketAddress(port: 0, { Glibc.bind(socket, $0, $1) }) != 0 else { return }
        let failure = SystemFailure(errno)
        throw LaunchError(
            .addressUnavailable,
            "\(local) is no address of this machine (\(failure.text)). `ip address` lists those that it has.",
            cause: failure)
    }

    private static func wait(for socket: Int32, until deadline: ContinuousClock.Instant) throws {
        var request = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { throw LaunchError(.rendezvousFailed, "no answer in time") }
            let count = poll(&request, 1, Int32(min(left.rounded(.up), 1e9)))
            if count > 0 { break }
            if count < 0, errno != EINTR { throw refusal(errno) }
        }
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &length) == 0 else { throw refusal(errno) }
        if number != 0 { throw refusal(number) }
    }

    private static func refusal(_ number: Int32) -> LaunchError {
        let failure = SystemFailure(number)
        let reason =
            switch number {
            case ECONNREFUSED: "nothing listens there yet: \(failure.text)"
            case ETIMEDOUT: "no answer: \(failure.text)"
            default: "it cannot be reached: \(failure.text)"
            }
        return LaunchError(.rendezvousFailed, reason, cause: failure)
    }
}
