import Files

/// Why one of PyTorch's files was refused, or could not be read or written.
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
            case fileUnreadable, fileUnwritable, diskFull
            case truncated, unsupportedFormat, unsupportedArchive, damagedArchive, wrongChecksum
            case invalidPickle, refusedObject, limitExceeded
            case unsupportedDType, invalidTensor, duplicateName, noSuchEntry
        }

        private let kind: Kind

        /// The file cannot be opened, read or mapped.
        public static let fileUnreadable = Code(kind: .fileUnreadable)
        /// The file cannot be created, written, renamed or brought to the disk.
        public static let fileUnwritable = Code(kind: .fileUnwritable)
        /// The disk or the quota has no room left.
        public static let diskFull = Code(kind: .diskFull)
        /// The file ends before its directory does, or has become shorter.
        public static let truncated = Code(kind: .truncated)
        /// The file is of another kind, such as TorchScript, the format before PyTorch 1.6, or a web page.
        public static let unsupportedFormat = Code(kind: .unsupportedFormat)
        /// The archive has compressed or encrypted files.
        public static let unsupportedArchive = Code(kind: .unsupportedArchive)
        /// The archive's headers contradict each other, or a file that tensors need is not in it.
        public static let damagedArchive = Code(kind: .damagedArchive)
        /// The bytes of a tensor or of `data.pkl` are not those that were written.
        public static let wrongChecksum = Code(kind: .wrongChecksum)
        /// `data.pkl` is not as Python writes pickles.
        public static let invalidPickle = Code(kind: .invalidPickle)
        /// The file has something other than tensors, plain containers and plain values.
        public static let refusedObject = Code(kind: .refusedObject)
        /// The file has more values, deeper containers or larger tensors than are read.
        public static let limitExceeded = Code(kind: .limitExceeded)
        /// A tensor has a type of elements that tensors here do not have.
        public static let unsupportedDType = Code(kind: .unsupportedDType)
        /// A tensor's shape and strides contradict its memory.
        public static let invalidTensor = Code(kind: .invalidTensor)
        /// Two values have the same name.
        public static let duplicateName = Code(kind: .duplicateName)
        /// There is no tensor under the name that was asked for.
        public static let noSuchEntry = Code(kind: .noSuchEntry)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}

extension PyTorchFileError {
    /// The error for a file that could not be read or written.
    init(_ error: FileError) {
        let code: Code =
            switch error.code {
            case .diskFull: .diskFull
            case .truncated: .truncated
            case .unwritable: .fileUnwritable
            default: .fileUnreadable
            }
        self.init(code, error.message, cause: error.cause, fileID: error.fileID, line: error.line)
    }
}
