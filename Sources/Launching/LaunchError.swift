import ArgumentParser
import Files
import Glibc

/// Why no ranks could be started, or why a rank cannot use what its launcher gave it.
public struct LaunchError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``LaunchError/message``.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidProcessCount, nested, alreadyRunning, spawnFailed, socketUnavailable, threadUnavailable
            case invalidDescriptor, logUnwritable, portInUse, addressUnavailable, rendezvousFailed, contradiction
        }
        private let kind: Kind

        /// A job needs at least one rank.
        public static let invalidProcessCount = Code(kind: .invalidProcessCount)
        /// A rank was asked to be a launcher.
        public static let nested = Code(kind: .nested)
        /// This process is the launcher of another job.
        public static let alreadyRunning = Code(kind: .alreadyRunning)
        /// The system started no process.
        public static let spawnFailed = Code(kind: .spawnFailed)
        /// The system gave no pipe, no socket or no port.
        public static let socketUnavailable = Code(kind: .socketUnavailable)
        /// The system started no thread.
        public static let threadUnavailable = Code(kind: .threadUnavailable)
        /// A variable names a descriptor that is not what a launcher hands to a rank.
        public static let invalidDescriptor = Code(kind: .invalidDescriptor)
        /// A log of the ranks cannot be written.
        public static let logUnwritable = Code(kind: .logUnwritable)

        /// Another process has the port for the rendezvous.
        public static let portInUse = Code(kind: .portInUse)
        /// The rendezvous, or an interface, is named by something that is not this machine's.
        public static let addressUnavailable = Code(kind: .addressUnavailable)
        /// The machines of a job did not come together.
        public static let rendezvousFailed = Code(kind: .rendezvousFailed)
        /// Two settings say different things of the same.
        public static let contradiction = Code(kind: .contradiction)

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

    /// The message, which has the system's words in it.
    public var description: String { message }
}

extension LaunchError {
    /// The error for something that the system did not give.
    static func refused(
        _ code: Code, _ what: String, _ failure: SystemFailure, file: StaticString = #fileID, line: UInt = #line
    ) -> LaunchError {
        let advice =
            switch failure.number {
            case EMFILE, ENFILE: "Raise the limit on open files (ulimit -n), or start fewer ranks."
            case EAGAIN, ENOMEM: "Raise the limits (ulimit -u, the container's pids and memory), or start fewer ranks."
            case ENOENT, EACCES: "Check that the program is there and may be executed."
            case E2BIG: "The arguments and the environment are too long together: unset large variables."
            default: "The system's log may say more."
            }
        return LaunchError(code, "\(what): \(failure.text). \(advice)", cause: failure, file: file, line: line)
    }
}

extension LaunchError {
    /// The code with which a launcher exits: 2 where its settings are at fault, else 1.
    public var exitCode: Int32 {
        switch code {
        case .invalidProcessCount, .nested, .portInUse, .addressUnavailable, .contradiction: 2
        default: 1
        }
    }

    /// Runs `body`; where it throws a `LaunchError`, writes its message to standard error and throws its exit code.
    public static func endingProcess<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as LaunchError {
            StandardError.write("error: \(error)")
            throw ExitCode(error.exitCode)
        }
    }
}
