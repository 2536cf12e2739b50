import Files

/// Why there is no report.
///
/// The message names the path, what is wrong with it, and the next step.
public struct RunReportError: Error, CustomStringConvertible, Sendable {
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

    /// The error for a report that could not be written.
    init(_ error: FileError) {
        self.init(.unwritable, error.message, cause: error.cause, fileID: error.fileID, line: error.line)
    }

    /// The message, followed by the cause where there is one that the message does not give.
    public var description: String {
        guard let cause, !message.contains("\(cause)") else { return message }
        return "\(message) (cause: \(cause))"
    }

    /// The kinds of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case noFolder, noMetrics, unwritable
        }

        private let kind: Kind

        /// There is no such folder.
        public static let noFolder = Code(kind: .noFolder)
        /// The folder has no metrics, and so is no run's.
        public static let noMetrics = Code(kind: .noMetrics)
        /// The report cannot be written.
        public static let unwritable = Code(kind: .unwritable)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}
