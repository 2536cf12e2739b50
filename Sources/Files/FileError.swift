/// Why a file could not be read or written.
///
/// Modules turn it into the error that they show their users; see ``withFileErrors(as:_:)``.
package struct FileError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure.
    package let code: Code

    /// The file concerned.
    package let path: String

    /// What happened, the likely cause, and the next step.
    package let message: String

    /// What the system said, where it was the system that refused.
    package let cause: SystemFailure?

    /// The module and file that reported the error.
    package let fileID: StaticString

    /// The line that reported the error.
    package let line: UInt

    /// Creates an error that carries the place where it was created.
    package init(
        _ code: Code, _ path: String, _ message: String, cause: SystemFailure? = nil,
        fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.path = path
        self.message = message
        self.cause = cause
        self.fileID = fileID
        self.line = line
    }

    /// The source line that reported the error, as `module/file:line`.
    package var location: String { "\(fileID):\(line)" }

    /// The message, which has the system's words in it.
    package var description: String { message }

    /// The kinds of failure.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case notFound, notRegular, unreadable, truncated, unwritable, diskFull
        }

        private let kind: Kind

        /// There is no file to read.
        package static let notFound = Code(kind: .notFound)
        /// What should be read is a folder, a device, a pipe or a socket.
        package static let notRegular = Code(kind: .notRegular)
        /// The file cannot be opened, read or mapped.
        package static let unreadable = Code(kind: .unreadable)
        /// The file has become shorter.
        package static let truncated = Code(kind: .truncated)
        /// The file cannot be created, written, renamed or brought to the disk.
        package static let unwritable = Code(kind: .unwritable)
        /// The disk or the quota has no room left.
        package static let diskFull = Code(kind: .diskFull)

        /// The name of the kind.
        package var description: String { kind.rawValue }
    }
}

/// Runs `body`, and throws what `convert` makes of a ``FileError`` in place of it.
package func withFileErrors<Result>(
    as convert: (FileError) -> some Error, _ body: () throws -> Result
) throws -> Result {
    do {
        return try body()
    } catch let error as FileError {
        throw convert(error)
    }
}
