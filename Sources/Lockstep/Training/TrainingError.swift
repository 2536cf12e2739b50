/// A failure of a training that the program's options or its environment caused.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidOption, deviceUnavailable, nothingToTrain, notPrepared, cannotResume, noWeights, anomaly
        }
        private let kind: Kind

        /// An option has a value that cannot be.
        public static let invalidOption = Code(kind: .invalidOption)
        /// The device that was asked for is not there.
        public static let deviceUnavailable = Code(kind: .deviceUnavailable)

        /// A loader has no batch.
        public static let nothingToTrain = Code(kind: .nothingToTrain)

        /// A model or loader was not given to `prepare`, which several ranks need.
        public static let notPrepared = Code(kind: .notPrepared)

        /// A checkpoint does not belong to this training.
        public static let cannotResume = Code(kind: .cannotResume)

        /// There are no saved weights to work with.
        public static let noWeights = Code(kind: .noWeights)

        /// The numbers of the training went wrong: a loss or gradients that are not finite, or ranks that differ.
        public static let anomaly = Code(kind: .anomaly)

        /// The name of the code.
        public var description: String { kind.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, why, and what to do.
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
