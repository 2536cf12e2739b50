import Files

/// Why one of PyTorch's files could not be written.
public struct PyTorchFileError: Error, CustomStringConvertible, Sendable {
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
            case fileUnwritable, diskFull
        }

        private let kind: Kind

        /// The file cannot be created, written, renamed or brought to the disk.
        public static let fileUnwritable = Code(kind: .fileUnwritable)
        /// The disk or the quota has no room left.
        public static let diskFull = Code(kind: .diskFull)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}

extension PyTorchFileError {
    /// The error for a file that could not be written.
    init(_ error: FileError) {
        self.init(
            error.code == .diskFull ? .diskFull : .fileUnwritable, error.message, cause: error.cause,
            fileID: error.fileID, line: error.line)
    }
}
