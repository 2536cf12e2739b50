/// Why a pipeline of transforms does not fit the images.
public struct TransformError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``TransformError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case wrongElement, wrongChannels, wrongSize, invalidValue, randomEvaluation
        }
        private let kind: Kind

        /// The transform works on bytes and was given real numbers, or the other way round.
        public static let wrongElement = Code(kind: .wrongElement)
        /// The transform has values for another number of channels.
        public static let wrongChannels = Code(kind: .wrongChannels)
        /// The transform does not work on images of this size.
        public static let wrongSize = Code(kind: .wrongSize)
        /// The transform was made with a value that makes no sense.
        public static let invalidValue = Code(kind: .invalidValue)
        /// Test images would be changed at random.
        public static let randomEvaluation = Code(kind: .randomEvaluation)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// What does not fit, and the next step.
    public let message: String
    /// The source location that reported it.
    public let location: String

    /// Creates an error that carries the place where it was created.
    public init(_ code: Code, _ message: String, file: StaticString = #fileID, line: UInt = #line) {
        self.code = code
        self.message = message
        self.location = "\(file):\(line)"
    }

    /// The message.
    public var description: String { message }
}
