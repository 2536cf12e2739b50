/// Why a safetensors file was refused, or could not be read or written.
///
/// The message names the file and, where one is concerned, the tensor, with what was expected and what was found.
public struct SafetensorsError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, for programs; people read ``message``.
    public let code: Code

    /// What happened, the likely cause, and the next step.
    public let message: String

    /// The tensor concerned, where there is one.
    public let tensor: String?

    /// The error underneath, where there is one.
    public let cause: (any Error)?

    /// The source line that reported the error, as `module/file:line`.
    public let location: String

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, tensor: String? = nil, cause: (any Error)? = nil,
        fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.tensor = tensor
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
            case fileUnreadable, fileUnwritable, diskFull
            case truncated, headerTooLarge, headerNotUTF8, headerSyntax, duplicateKey
            case invalidMetadata, missingField, unknownField, unknownDType
            case invalidShape, invalidOffsets, wrongSize, uncoveredBytes, noSuchTensor
        }

        private let kind: Kind

        /// The file cannot be opened, read or mapped.
        public static let fileUnreadable = Code(kind: .fileUnreadable)
        /// The file cannot be created, written, renamed or brought to the disk.
        public static let fileUnwritable = Code(kind: .fileUnwritable)
        /// The disk or the quota has no room left.
        public static let diskFull = Code(kind: .diskFull)
        /// The file ends before its header, or its tensors, do.
        public static let truncated = Code(kind: .truncated)
        /// The header's length is above the format's limit of 100,000,000 bytes.
        public static let headerTooLarge = Code(kind: .headerTooLarge)
        /// The header is not UTF-8.
        public static let headerNotUTF8 = Code(kind: .headerNotUTF8)
        /// The header is not JSON of the form that the format prescribes.
        public static let headerSyntax = Code(kind: .headerSyntax)
        /// A tensor, a field or a metadata key occurs twice.
        public static let duplicateKey = Code(kind: .duplicateKey)
        /// `__metadata__` is not an object of strings, or is used as a tensor's name.
        public static let invalidMetadata = Code(kind: .invalidMetadata)
        /// A tensor lacks `dtype`, `shape` or `data_offsets`.
        public static let missingField = Code(kind: .missingField)
        /// A tensor has a field that the format does not know.
        public static let unknownField = Code(kind: .unknownField)
        /// The element type is not known.
        public static let unknownDType = Code(kind: .unknownDType)
        /// A shape is negative, too large for memory addresses, or has too many dimensions.
        public static let invalidShape = Code(kind: .invalidShape)
        /// A byte range is negative, reversed or outside the file, or overlaps another.
        public static let invalidOffsets = Code(kind: .invalidOffsets)
        /// A byte range does not fit shape and element type.
        public static let wrongSize = Code(kind: .wrongSize)
        /// Bytes of the file belong to no tensor.
        public static let uncoveredBytes = Code(kind: .uncoveredBytes)
        /// The file has no tensor of that name.
        public static let noSuchTensor = Code(kind: .noSuchTensor)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}
