import Files
import Glibc

/// Threads that nobody waits for, and that get no signals: not SIGPIPE either, so that a reader's end is an error code.
enum BackgroundThread {
    /// Starts a thread.
    ///
    /// - Throws: ``LaunchError`` with `threadUnavailable`; the body has not run then.
    static func start(_ body: @escaping @Sendable () -> Void) throws {
        let start = Unmanaged.passRetained(Body(run: body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            start.release()
            throw LaunchError.refused(.threadUnavailable, "the system started no thread", SystemFailure(status))
        }
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
