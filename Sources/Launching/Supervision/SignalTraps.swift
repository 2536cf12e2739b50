import Glibc
import Synchronization

/// Turns the signals that ask a process to end into events, for as long as a job runs; a terminal's new size too.
///
/// A signal that this process ignores, as `nohup` arranges for SIGHUP, stays ignored.
struct SignalTraps {
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGWINCH]

    private var former: [(number: Int32, action: sigaction)] = []

    /// Installs handlers that tell `events`; one at a time in a process.
    init(events: EventPipe) {
        // The first use also makes the globals, which a handler must not do.
        handlersAtWork.store(0, ordering: .sequentiallyConsistent)
        target.store(events.writingDescriptor, ordering: .sequentiallyConsistent)
        for number in Self.signals {
            var current = sigaction()
            sigaction(number, nil, &current)
            if unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == ignored { continue }
            former.append((number, current))
            var action = sigaction()
            action.__sigaction_handler.sa_handler = report
            action.sa_flags = Int32(SA_RESTART)
            sigaction(number, &action, nil)
        }
    }

    /// Puts back what was there before.
    func remove() {
        for (number, action) in former {
            var action = action
            sigaction(number, &action, nil)
        }
        target.store(-1, ordering: .sequentiallyConsistent)
        // A handler on another thread may still have the pipe's number, which must not become another file's.
        while handlersAtWork.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
    }
}

private let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
private let target = Atomic<Int32>(-1)
private let handlersAtWork = Atomic<Int>(0)

private func report(_ number: Int32) {
    let before = errno
    handlersAtWork.add(1, ordering: .sequentiallyConsistent)
    let descriptor = target.load(ordering: .sequentiallyConsistent)
    if descriptor >= 0 { _ = EventPipe.post(EventPipe.Record(.signal, number), to: descriptor) }
    handlersAtWork.subtract(1, ordering: .sequentiallyConsistent)
    errno = before
}
