/// Why a plan cannot be made from what was given.
///
/// The message names the text or number, what was expected, and an example.
public struct PlanningError: Error, CustomStringConvertible, Sendable {
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
            case invalidQuantity, invalidNodeCounts, unknownModel, invalidArgument, unusableMeasurement
        }

        private let kind: Kind

        /// A number with a unit cannot be read.
        public static let invalidQuantity = Code(kind: .invalidQuantity)
        /// A list or range of numbers of nodes cannot be read.
        public static let invalidNodeCounts = Code(kind: .invalidNodeCounts)
        /// No model has this name.
        public static let unknownModel = Code(kind: .unknownModel)
        /// A number is outside what makes sense.
        public static let invalidArgument = Code(kind: .invalidArgument)
        /// A measurement cannot be taken from a file.
        public static let unusableMeasurement = Code(kind: .unusableMeasurement)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}
