/// Why a data set could not be found, fetched, unpacked or read.
///
/// The message names the file, what was expected, what was found, and what to do next.
public struct DatasetError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, for programs; people read ``DatasetError/message``.
    public let code: Code

    /// What happened, the likely cause, and the next step.
    public let message: String

    /// The error underneath, where there is one.
    public let cause: (any Error)?

    /// Where in the library the error arose.
    public let location: SourceLocation

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, cause: (any Error)? = nil,
        fileID: String = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = SourceLocation(fileID: fileID, line: line)
    }

    /// The message, followed by the cause where there is one that the message does not give.
    public var description: String {
        guard let cause, !message.contains("\(cause)") else { return message }
        return "\(message) (cause: \(cause))"
    }

    /// A line of the library's source.
    public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
        /// The module and file, as in `#fileID`.
        public let fileID: String

        /// The line, counted from 1.
        public let line: Int

        /// The location as `module/file:line`.
        public var description: String { "\(fileID):\(line)" }
    }

    /// The kinds of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case notFound, downloadFailed, truncated, wrongSize, wrongKind, wrongChecksum, labelOutOfRange
            case unpackingFailed, toolMissing, cacheUnavailable, fileUnreadable, diskFull
        }

        private let kind: Kind

        /// The data set is in none of the folders searched, and the net gave none.
        public static let notFound = Code(kind: .notFound)
        /// No mirror delivered the file.
        public static let downloadFailed = Code(kind: .downloadFailed)
        /// A file is shorter than it has to be.
        public static let truncated = Code(kind: .truncated)
        /// A file is longer than it has to be, or its header speaks of another size.
        public static let wrongSize = Code(kind: .wrongSize)
        /// A file is of another kind: a web page, a compressed file under a plain name, another format.
        public static let wrongKind = Code(kind: .wrongKind)
        /// A file has the right size and other contents.
        public static let wrongChecksum = Code(kind: .wrongChecksum)
        /// A label names a class that the data set does not have.
        public static let labelOutOfRange = Code(kind: .labelOutOfRange)
        /// `gzip`, `tar` or `xz` reported an error.
        public static let unpackingFailed = Code(kind: .unpackingFailed)
        /// A program that unpacks the file is not installed.
        public static let toolMissing = Code(kind: .toolMissing)
        /// The cache folder cannot be made, written or locked.
        public static let cacheUnavailable = Code(kind: .cacheUnavailable)
        /// A file exists and cannot be opened, read or mapped.
        public static let fileUnreadable = Code(kind: .fileUnreadable)
        /// The disk has no room left.
        public static let diskFull = Code(kind: .diskFull)

        /// The name of the kind.
        public var description: String { kind.rawValue }

        init?(named name: String) {
            guard let kind = Kind(rawValue: name) else { return nil }
            self.kind = kind
        }

        private init(kind: Kind) { self.kind = kind }
    }
}
