import Foundation

/// What ends a server: SIGINT, SIGTERM, and the end of standard input where that was asked for.
final class StopRequests: Sendable {
    private let requests: AsyncStream<Void>

    /// Begins to listen; from here on no signal is lost.
    ///
    /// - Parameter untilInputEnds: Whether the end of standard input is a request, too.
    init(untilInputEnds: Bool) {
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        let pipe = Pipe()
        signalPipe = pipe.fileHandleForWriting.fileDescriptor
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                // One of the few things that may be done while anything at all is interrupted.
                _ = write(signalPipe, "s", 1)
            }
        }
        Thread.detachNewThread {
            // The writing end stays open as long as this reads.
            withExtendedLifetime(pipe) {
                Self.waitForEnd(of: pipe.fileHandleForReading.fileDescriptor) { continuation.yield() }
            }
        }
        if untilInputEnds {
            Thread.detachNewThread {
                Self.waitForEnd(of: STDIN_FILENO) {}
                continuation.yield()
            }
        }
    }

    /// Waits for the first request, or for the task to be cancelled.
    func first() async {
        for await _ in requests { return }
    }

    /// Reads until there is nothing more to come.
    private static func waitForEnd(of descriptor: Int32, _ onByte: () -> Void) {
        var byte = UInt8(0)
        while true {
            let count = read(descriptor, &byte, 1)
            if count > 0 { onByte() } else if count == 0 || errno != EINTR { return }
        }
    }
}

// Where the handler of signals writes to. Set before there is a handler, and never again.
private nonisolated(unsafe) var signalPipe: Int32 = -1
