/// Why an image file cannot be read.
public struct ImageFileError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``ImageFileError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case unreadable, wrongKind, unsupported, damaged, tooLarge }
        private let kind: Kind

        /// The file cannot be opened or read.
        public static let unreadable = Code(kind: .unreadable)
        /// The file is neither PNG nor IDX.
        public static let wrongKind = Code(kind: .wrongKind)
        /// The file is of a form of its kind that is not read here.
        public static let unsupported = Code(kind: .unsupported)
        /// The file is not whole, or its contents contradict each other.
        public static let damaged = Code(kind: .damaged)
        /// The image has more pixels than are read.
        public static let tooLarge = Code(kind: .tooLarge)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code
    /// What is wrong with which file, and the next step.
    public let message: String
    /// The error of the system or of another reader that led to this one.
    public let cause: (any Error)?
    /// The source location that reported it.
    public let location: String

    init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        location = "\(file):\(line)"
    }

    /// The message.
    public var description: String { message }
}

/// What is wrong with the bytes of an image, before it is known which file they are from.
struct ImageDefect: Error {
    let code: ImageFileError.Code
    let text: String

    init(_ code: ImageFileError.Code, _ text: String) {
        self.code = code
        self.text = text
    }
}
