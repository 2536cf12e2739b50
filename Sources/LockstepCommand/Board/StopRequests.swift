import Dispatch
import Foundation
import Synchronization

/// What ends a server: SIGINT, SIGTERM, and the end of standard input where that was asked for.
final class StopRequests: Sendable {
    private let requests: AsyncStream<Void>
    // Made here and cancelled in `deinit`; nothing else touches them.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Begins to listen.
    ///
    /// - Parameter untilInputEnds: Whether the end of standard input is a request, too.
    init(untilInputEnds: Bool) {
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        let count = Count()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Whoever asks twice does not want to wait.
                if count.next() > 1 { _exit(128 + number) }
                continuation.yield()
            }
            source.resume()
            return source
        }
        if untilInputEnds {
            Thread.detachNewThread {
                var byte = UInt8(0)
                while true {
                    let count = read(STDIN_FILENO, &byte, 1)
                    if count > 0 || count < 0 && errno == EINTR { continue }
                    break
                }
                continuation.yield()
            }
        }
    }

    deinit { for source in sources { source.cancel() } }

    /// Waits for the first request, or for the task to be cancelled.
    func first() async {
        for await _ in requests { return }
    }

    /// How often something was asked for.
    private final class Count: Sendable {
        private let value = Atomic(0)

        func next() -> Int { value.add(1, ordering: .relaxed).newValue }
    }
}
