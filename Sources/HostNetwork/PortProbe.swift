import Glibc

/// Whether a TCP port of another machine can be reached.
package enum PortProbe {
    /// Connects to a port and closes the connection at once.
    ///
    /// - Returns: what is in the way, such as `connection refused` or `no answer within 5 s`; nil where nothing is.
    package static func obstacle(to address: IPAddress, port: Int, timeout: Duration = .seconds(5)) -> String? {
        address.withSocketAddress(port: port) { target, length in
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let descriptor = socket(Int32(target.pointee.sa_family), kind, 0)
            guard descriptor >= 0 else { return words(errno) }
            defer { close(descriptor) }
            if connect(descriptor, target, length) == 0 { return nil }
            guard errno == EINPROGRESS else { return words(errno) }
            guard isReady(descriptor, within: timeout) else {
                return "no answer within \(timeout.components.seconds) s"
            }
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
            return failure == 0 ? nil : words(failure)
        }
    }

    private static func isReady(_ descriptor: Int32, within timeout: Duration) -> Bool {
        let limit = ContinuousClock.now + timeout
        while true {
            let left = (ContinuousClock.now.duration(to: limit) / .milliseconds(1)).rounded(.up)
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let count = poll(&request, 1, Int32(max(0, min(left, 1e6))))
            if count > 0 { return true }
            if count == 0, left <= 0 { return false }
            if count < 0, errno != EINTR { return false }
        }
    }

    private static func words(_ number: Int32) -> String {
        let text = String(cString: strerror(number))
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
