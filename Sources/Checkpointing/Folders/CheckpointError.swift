import Files
import Glibc

/// Why a checkpoint could not be written or read.
///
/// The message names the file and, where a tensor's bytes are concerned, the tensor.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, for programs; people read ``message``.
    public let code: Code

    /// What happened, the likely cause, and the next step.
    public let message: String

    /// The file or folder concerned, where there is one.
    public let file: String?

    /// The tensor concerned, where there is one.
    public let tensor: String?

    /// The error underneath, where there is one.
    public let cause: (any Error)?

    /// The source line that reported the error, as `module/file:line`.
    public let location: String

    /// Creates an error that carries the place where it was created.
    public init(
        _ code: Code, _ message: String, file: String? = nil, tensor: String? = nil, cause: (any Error)? = nil,
        fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.file = file
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
            case diskFull, quotaExceeded, diskFault, readOnly, notPermitted, notSynchronized, notVerified, unwritable
            case invalidName, insufficientSpace, notANumber
            case notFound, unreadable, missingFile, wrongSize, damaged, unknownVersion, noneWhole
        }

        private let kind: Kind

        /// The disk has no room left (ENOSPC).
        public static let diskFull = Code(kind: .diskFull)
        /// The user's share of the disk is used up (EDQUOT).
        public static let quotaExceeded = Code(kind: .quotaExceeded)
        /// The disk or the network share reports a fault (EIO).
        public static let diskFault = Code(kind: .diskFault)
        /// The file system is mounted read-only (EROFS).
        public static let readOnly = Code(kind: .readOnly)
        /// The user may not write there (EACCES, EPERM).
        public static let notPermitted = Code(kind: .notPermitted)
        /// What was written could not be brought to the disk (fsync).
        public static let notSynchronized = Code(kind: .notSynchronized)
        /// What was read back is not what was written.
        public static let notVerified = Code(kind: .notVerified)
        /// Something cannot be written for another reason.
        public static let unwritable = Code(kind: .unwritable)
        /// A part has a name that no file may have, or one that two parts have.
        public static let invalidName = Code(kind: .invalidName)
        /// The disk has less room than checkpoints will need.
        public static let insufficientSpace = Code(kind: .insufficientSpace)
        /// A tensor that has to have numbers has a NaN.
        public static let notANumber = Code(kind: .notANumber)
        /// There is no checkpoint at the path.
        public static let notFound = Code(kind: .notFound)
        /// A file or folder cannot be read.
        public static let unreadable = Code(kind: .unreadable)
        /// A file that the manifest lists is not there, or is no regular file.
        public static let missingFile = Code(kind: .missingFile)
        /// A file is longer or shorter than the manifest says.
        public static let wrongSize = Code(kind: .wrongSize)
        /// A file's contents are not those that were written.
        public static let damaged = Code(kind: .damaged)
        /// The checkpoint is of a format version that is not known here.
        public static let unknownVersion = Code(kind: .unknownVersion)
        /// There are checkpoints, and none of them is whole.
        public static let noneWhole = Code(kind: .noneWhole)

        /// The name of the kind.
        public var description: String { kind.rawValue }
    }
}

extension CheckpointError.Code {
    /// The kind of failure that the system's refusal to write stands for.
    init(writing failure: SystemFailure) {
        self =
            switch failure.number {
            case ENOSPC: .diskFull
            case EDQUOT: .quotaExceeded
            case EIO: .diskFault
            case EROFS: .readOnly
            case EACCES, EPERM: .notPermitted
            default: .unwritable
            }
    }

    /// The kind of failure that a failing fsync stands for: a lack of space keeps its own.
    init(synchronizing failure: SystemFailure) {
        self = failure.isDiskFull ? Self(writing: failure) : .notSynchronized
    }
}

extension CheckpointError {
    /// The error for a file or folder that the system did not let be written.
    init(
        _ failure: SystemFailure, _ path: String, cannotBe verb: String, _ code: Code? = nil,
        fileID: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(
            code ?? Code(writing: failure), "\(path) cannot be \(verb): \(failure.text). \(failure.advice)",
            file: path, cause: failure, fileID: fileID, line: line)
    }

    /// The error for a file that could not be written.
    init(writing error: FileError) {
        self.init(
            error.cause.map(Code.init(writing:)) ?? .unwritable, error.message, file: error.path, cause: error.cause,
            fileID: error.fileID, line: error.line)
    }

    /// The error for a file that could not be read.
    init(reading error: FileError) {
        let code: Code =
            switch error.code {
            case .notFound, .notRegular: .missingFile
            case .truncated: .wrongSize
            default: .unreadable
            }
        self.init(
            code, error.message, file: error.path, cause: error.cause, fileID: error.fileID, line: error.line)
    }
}
