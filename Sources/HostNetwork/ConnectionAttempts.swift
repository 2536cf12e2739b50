import Glibc

/// Attempts to connect to TCP ports, all at once and without waiting for any of them.
///
/// A connection that succeeds is closed at once.
package final class ConnectionAttempts {
    private enum State {
        case pending(Int32)
        case reached
        case failed(String)
    }
    private var states: [State] = []

    /// Begins to connect.
    ///
    /// - Parameter targets: where to.
    package init(_ targets: [(address: IPAddress, port: Int)]) {
        states = targets.map { Self.start($0.address, $0.port) }
    }

    deinit {
        for case .pending(let descriptor) in states { close(descriptor) }
    }

    /// Whether nothing is open any more.
    package var isDecided: Bool {
        !states.contains { state in if case .pending = state { true } else { false } }
    }

    /// The first target that was reached.
    package var firstReached: Int? {
        states.firstIndex { state in if case .reached = state { true } else { false } }
    }

    /// The reasons of those that have failed, in the order of the targets.
    package var failures: [String] { states.indices.compactMap { failure(of: $0) } }

    /// Why a target cannot be reached; nil where it can, or is not decided.
    package func failure(of index: Int) -> String? {
        if case .failed(let reason) = states[index] { reason } else { nil }
    }

    /// Whether a target has not answered yet.
    package func isPending(_ index: Int) -> Bool {
        if case .pending = states[index] { true } else { false }
    }

    /// Waits until something is decided, or the time is over.
    package func poll(for limit: Duration) {
        let milliseconds = max(0, min((limit / .milliseconds(1)).rounded(.up), 1e9))
        var entries: [pollfd] = []
        var indices: [Int] = []
        for (index, state) in states.enumerated() {
            guard case .pending(let descriptor) = state else { continue }
            entries.append(pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0))
            indices.append(index)
        }
        guard !entries.isEmpty, Glibc.poll(&entries, nfds_t(entries.count), Int32(milliseconds)) > 0 else {
            return
        }
        for (entry, index) in zip(entries, indices) where entry.revents != 0 {
            var number: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            if getsockopt(entry.fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0 { number = errno }
            states[index] = number == 0 ? .reached : .failed(Self.words(number))
            close(entry.fd)
        }
    }

    private static func start(_ address: IPAddress, _ port: Int) -> State {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family == .v4 ? AF_INET : AF_INET6, kind, 0)
        guard descriptor >= 0 else { return .failed(words(errno)) }
        let status = address.withSocketAddress(port: port) { connect(descriptor, $0, $1) }
        if status != 0, errno == EINPROGRESS { return .pending(descriptor) }
        let number = errno
        close(descriptor)
        return status == 0 ? .reached : .failed(words(number))
    }

    private static func words(_ number: Int32) -> String { String(cString: strerror(number)).lowercased() }
}
