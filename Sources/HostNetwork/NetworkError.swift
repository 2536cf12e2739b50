import Glibc

/// Why an address, a host or an interface cannot be used.
package struct NetworkError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure, for programs; people read ``NetworkError/message``.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unknownInterface, invalidAddress, unknownHost, systemFailure
        }
        private let kind: Kind

        /// This machine has no such interface.
        package static let unknownInterface = Code(kind: .unknownInterface)
        /// A text is no address, or no endpoint.
        package static let invalidAddress = Code(kind: .invalidAddress)
        /// A host's name leads to no address.
        package static let unknownHost = Code(kind: .unknownHost)
        /// The system did not answer.
        package static let systemFailure = Code(kind: .systemFailure)

        /// The name of the kind.
        package var description: String { kind.rawValue }
    }

    /// The kind of failure.
    package let code: Code
    /// What happened, the likely cause, and the next step.
    package let message: String
    /// The error underneath, where there is one.
    package let cause: (any Error)?
    /// The source location that reported it.
    package let location: String

    /// Creates an error that carries the place where it was created.
    package init(
        _ code: Code, _ message: String, cause: (any Error)? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.location = "\(file):\(line)"
    }

    /// The message, which has the system's words in it.
    package var description: String { message }
}

extension NetworkError {
    /// The error for something that the system refused, with its own words.
    static func refused(
        _ what: String, _ number: Int32, file: StaticString = #fileID, line: UInt = #line
    ) -> NetworkError {
        NetworkError(
            .systemFailure, "\(what): \(String(cString: strerror(number))) (errno \(number)).", file: file, line: line)
    }
}
