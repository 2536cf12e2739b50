/// Why a message or a rank's environment cannot be read.
public struct RankProtocolError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``RankProtocolError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case messageTooLong, malformedMessage, missingVariable, malformedVariable, contradiction
        }
        private let kind: Kind

        /// A message has more bytes than a line may have.
        public static let messageTooLong = Code(kind: .messageTooLong)
        /// A line is no message.
        public static let malformedMessage = Code(kind: .malformedMessage)
        /// Some variables of a rank's environment are there, others are not.
        public static let missingVariable = Code(kind: .missingVariable)
        /// A variable's value is not what it has to be.
        public static let malformedVariable = Code(kind: .malformedVariable)
        /// Two variables cannot both be right.
        public static let contradiction = Code(kind: .contradiction)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, the likely cause, and the next step.
    public let message: String
    /// The error underneath, where there is one.
    public let cause: (any Error)?
    /// The source location that reported it.
    public let location: String

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = "\(file):\(line)"
    }

    /// The message, followed by the cause where there is one.
    public var description: String {
        guard let cause else { return message }
        return "\(message) (cause: \(cause))"
    }
}
