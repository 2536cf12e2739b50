import Torch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A thread of the loader's own, which is waited for.
///
/// It receives no signals: those belong to the threads that know what to do with them.
struct WorkerThread {
    private let thread: pthread_t

    /// Starts a thread.
    ///
    /// - Parameter name: what debuggers and `top -H` show; the system keeps 15 bytes.
    /// - Throws: ``DataError`` with `threadUnavailable`.
    init(name: String, body: @escaping @Sendable () -> Void) throws {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let status = pthread_create(&thread, nil, runWorker, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            start.release()
            throw DataError(
                .threadUnavailable,
                "the system started no thread for \(name): \(String(cString: strerror(status))). Raise the limit "
                    + "(ulimit -u, or the container's pids limit), or use fewer workers.")
        }
        #if canImport(Darwin)
        guard let thread else { throw DataError(.threadUnavailable, "the system started no thread for \(name).") }
        #endif
        self.thread = thread
    }

    /// Waits for the thread's end.
    func join() {
        pthread_join(thread, nil)
    }
}

private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

#if canImport(Darwin)
private func runWorker(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    nameThisThread(start.name)
    start.body()
    return nil
}
#else
private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    nameThisThread(start.name)
    start.body()
    return nil
}

#endif
