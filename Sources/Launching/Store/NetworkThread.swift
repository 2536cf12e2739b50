import Glibc
import NIOCore
import NIOPosix

/// The one thread on which all network connections of the launcher live; it never ends, and gets no signals.
enum NetworkThread {
    private static let group: MultiThreadedEventLoopGroup = {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // The descriptor on which it waits would pass to programs that are started.
        Descriptor.closeAllOnExec()
        return group
    }()

    static let loop = group.any()

    /// Runs `body` on the thread, and waits for what it returns; on the thread itself it runs at once.
    static func value<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        if loop.inEventLoop { return body() }
        do {
            return try loop.submit(body).wait()
        } catch {
            preconditionFailure("the network thread, which never ends, has ended: \(error)")
        }
    }

    /// Keeps programs that this process starts from inheriting a connection that was accepted.
    static func closeOnExec(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }
}
