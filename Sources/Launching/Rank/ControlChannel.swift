import Glibc
public import RankProtocol
import Synchronization

/// A rank's connection to its launcher.
///
/// Messages go out from any thread. A thread of its own reads: a wish to stop goes to a handler, and the end of the
/// launcher, however it came about, to another, which by default ends this process, so that nothing is left running.
public final class ControlChannel: Sendable {
    private let descriptor: Descriptor
    private let sending = Mutex(())
    private let isClosed: Closed

    private final class Closed: Sendable {
        let flag = Atomic(false)
    }

    /// Opens the channel that the environment names; nil where no launcher of ours has started this process.
    ///
    /// - Parameters:
    ///   - rank: who this process is, for the message when the launcher is gone.
    ///   - environment: this process's variables.
    ///   - onSave: called on the channel's thread when the launcher wants the training saved and ended.
    ///   - onStop: called on the channel's thread with the launcher's reason, before SIGTERM comes.
    ///   - onLauncherGone: called on the channel's thread when the launcher has ended; ends this process by default.
    /// - Throws: ``LaunchError`` with `invalidDescriptor` where the variable names no socket, or `threadUnavailable`.
    public init?(
        rank: Int, environment: [String: String], onSave: @escaping @Sendable () -> Void = {},
        onStop: @escaping @Sendable (_ reason: String) -> Void,
        onLauncherGone: (@Sendable () -> Void)? = nil
    ) throws {
        guard let number = try InheritedSocket.descriptor(LauncherVariable.controlDescriptor, in: environment) else {
            return nil
        }
        let descriptor = Descriptor(keeping: number)
        let isClosed = Closed()
        self.descriptor = descriptor
        self.isClosed = isClosed
        try BackgroundThread.start {
            Self.read(from: descriptor, onSave, onStop)
            if isClosed.flag.load(ordering: .sequentiallyConsistent) { return }
            if let onLauncherGone { onLauncherGone() } else { Self.exit(rank: rank) }
        }
    }

    deinit {
        isClosed.flag.store(true, ordering: .sequentiallyConsistent)
        shutdown(descriptor.number, Int32(SHUT_RDWR))
    }

    /// Sends a message; false if it cannot be delivered, since the launcher is gone.
    @discardableResult
    public func send(_ message: RankMessage) -> Bool {
        // Nothing in a rank's messages is beyond JSON or longer than a line.
        guard let line = try? MessageFraming.line(for: message) else { return false }
        return sending.withLock { _ in
            var sent = 0
            while sent < line.count {
                let count = line.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                    return Glibc.send(descriptor.number, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
                if count > 0 {
                    sent += count
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// Reads until the launcher has closed its end.
    private static func read(from descriptor: Descriptor, _ onSave: () -> Void, _ onStop: (String) -> Void) {
        var decoder = MessageDecoder<LauncherMessage>()
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor.number, &block, block.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            decoder.append(block[..<count])
            do {
                while let message = try decoder.next() {
                    switch message {
                    case .save: onSave()
                    case .stop(let reason): onStop(reason)
                    }
                }
            } catch {
                // A launcher that does not speak this protocol still ends, which is what has to be noticed.
                StandardError.write("the launcher's messages cannot be read: \(error)")
                decoder = MessageDecoder()
            }
        }
    }

    private static func exit(rank: Int) {
        StandardError.write("the launcher is gone; rank \(rank) stops")
        // Nobody else is left to end what this rank has started.
        if getsid(0) == getpid() { ProcessSession.killMembers(of: getpid(), except: getpid()) }
        _exit(1)
    }
}
