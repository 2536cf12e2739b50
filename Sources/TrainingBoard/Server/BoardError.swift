/// Why the board cannot be served.
public struct BoardError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure.
    public let code: Code

    /// What happened, the likely cause, and the next step.
    public let message: String

    /// What led to it, where something did.
    public let cause: (any Error)?

    private let fileID: StaticString
    private let line: UInt

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.fileID = fileID
        self.line = line
    }

    /// The source line that reported the error, as `module/file:line`.
    public var location: String { "\(fileID):\(line)" }

    /// The message.
    public var description: String { message }

    /// The kinds of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable { case addressUnavailable, portInUse, invalidOption }

        private let kind: Kind

        /// The host has no such address, or its name is not known.
        public static let addressUnavailable = Code(kind: .addressUnavailable)
        /// Another program has the port.
        public static let portInUse = Code(kind: .portInUse)
        /// An option has a value that cannot be.
        public static let invalidOption = Code(kind: .invalidOption)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}
