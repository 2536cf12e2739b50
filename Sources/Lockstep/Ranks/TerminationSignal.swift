import Foundation

/// What a process does when it gets SIGTERM, before it ends by it.
///
/// The program keeps a handler of its own, where it has one.
enum TerminationSignal {
    /// Runs `action` on a thread of its own when SIGTERM comes, and lets the signal end the process if it says so.
    static func precede(by action: @escaping @Sendable () -> Bool) {
        var current = sigaction()
        guard sigaction(SIGTERM, nil, &current) == 0, current.__sigaction_handler.sa_handler == nil else { return }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        noticeEnd = ends[1]
        let noticed = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            repeat {
                while read(noticed, &byte, 1) < 0, errno == EINTR {}
            } while !action()
            signal(SIGTERM, SIG_DFL)
            kill(getpid(), SIGTERM)
        }
        signal(SIGTERM) { _ in
            var byte: UInt8 = 0
            _ = write(noticeEnd, &byte, 1)
        }
    }
}

// Read in the signal's handler.
nonisolated(unsafe) private var noticeEnd: Int32 = -1
