/// Why there is no report on a folder's flight records.
public struct FlightRecordError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``FlightRecordError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case noRecord }
        private let kind: Kind

        /// The folder has no record.
        public static let noRecord = Code(kind: .noRecord)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, the likely cause, and the next step.
    public let message: String
    /// The source location that reported it.
    public let location: String

    init(_ code: Code, _ message: String, file: StaticString = #fileID, line: UInt = #line) {
        self.code = code
        self.message = message
        location = "\(file):\(line)"
    }

    /// The message.
    public var description: String { message }
}
