/// Why a run's folder, metrics or progress could not be created or written.
///
/// The message names the path, the system's text, the likely cause, and the next step.
public struct TrackingError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, for programs; people read ``message``.
    public let code: Code

    /// What happened, the likely cause, and the next step.
    public let message: String

    /// The error underneath, where there is one.
    public let cause: (any Error)?

    /// The source line that reported the error, as `module/file:line`.
    public let location: String

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, cause: (any Error)? = nil,
        fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = "\(fileID):\(line)"
    }

    /// The message, followed by the cause where there is one that the message does not give.
    public var description: String {
        guard let cause, !message.contains("\(cause)") else { return message }
        return "\(message) (cause: \(cause))"
    }

    /// The kinds of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case folderUnavailable, fileUnwritable, diskFull, fileInUse, closed, serverUnavailable, addressUnreadable,
                pointsRefused
        }

        private let kind: Kind

        /// The run's folder cannot be created or used.
        public static let folderUnavailable = Code(kind: .folderUnavailable)
        /// A file cannot be opened, written or renamed.
        public static let fileUnwritable = Code(kind: .fileUnwritable)
        /// The disk or the quota has no room left.
        public static let diskFull = Code(kind: .diskFull)
        /// Another writer, in this process or another, has the file.
        public static let fileInUse = Code(kind: .fileInUse)
        /// The writer was closed before.
        public static let closed = Code(kind: .closed)

        /// A server that a tracker writes to does not answer, or answers that it cannot.
        public static let serverUnavailable = Code(kind: .serverUnavailable)
        /// A text is no address.
        public static let addressUnreadable = Code(kind: .addressUnreadable)
        /// A tracker will not take these points, now or later.
        public static let pointsRefused = Code(kind: .pointsRefused)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}
