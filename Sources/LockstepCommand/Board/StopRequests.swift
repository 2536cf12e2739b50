import Dispatch
import Foundation

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
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // A second one ends the process at once.
                signal(number, SIG_DFL)
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
}
