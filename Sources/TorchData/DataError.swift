/// Why batches could not be made.
///
/// The message says what was asked for, what there is, and what to do next.
public struct DataError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``DataError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case indexOutOfRange, invalidRank, invalidBatchSize, invalidWorkerCount, sampleFailed, alreadySharded
            case threadUnavailable, malformedSamples
        }
        private let kind: Kind

        /// An index is not one of the data set's.
        public static let indexOutOfRange = Code(kind: .indexOutOfRange)
        /// A rank is not one of the world's.
        public static let invalidRank = Code(kind: .invalidRank)
        /// A batch must have at least one sample.
        public static let invalidBatchSize = Code(kind: .invalidBatchSize)
        /// A loader cannot have a negative number of workers.
        public static let invalidWorkerCount = Code(kind: .invalidWorkerCount)
        /// The data set threw an error.
        public static let sampleFailed = Code(kind: .sampleFailed)
        /// A loader that has one rank's share was asked for another's.
        public static let alreadySharded = Code(kind: .alreadySharded)
        /// The system started no thread.
        public static let threadUnavailable = Code(kind: .threadUnavailable)
        /// Samples and labels do not fit together.
        public static let malformedSamples = Code(kind: .malformedSamples)

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
