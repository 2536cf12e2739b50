import CTorch

/// A failure that LibTorch reported where the caller can go on: files, states, devices, user data.
public struct TorchError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case index, type, value, notImplemented, outOfMemory, invalidState, other
        }
        private let kind: Kind

        /// An index was out of range.
        public static let index = Code(kind: .index)
        /// An element type did not fit.
        public static let type = Code(kind: .type)
        /// A value was not allowed.
        public static let value = Code(kind: .value)
        /// LibTorch has no such operation for this type or device.
        public static let notImplemented = Code(kind: .notImplemented)
        /// There was not enough memory.
        public static let outOfMemory = Code(kind: .outOfMemory)
        /// A state does not fit what it is loaded into.
        public static let invalidState = Code(kind: .invalidState)
        /// Anything else; the message says what.
        public static let other = Code(kind: .other)

        /// The name of the code.
        public var description: String { kind.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, with names and numbers.
    public let message: String
    /// The source location that reported it.
    public let location: String

    /// An error of this package's own.
    public init(_ code: Code, _ message: String, file: StaticString = #fileID, line: UInt = #line) {
        self.code = code
        self.message = message
        self.location = "\(file):\(line)"
    }

    /// The message.
    public var description: String { message }

    /// What LibTorch said of the call that just failed on this thread.
    package static func last(_ operation: String, file: StaticString = #fileID, line: UInt = #line) -> TorchError {
        let code: Code =
            switch Int(ct_error_kind()) {
            case Int(CT_ERROR_INDEX): .index
            case Int(CT_ERROR_TYPE): .type
            case Int(CT_ERROR_VALUE): .value
            case Int(CT_ERROR_NOT_IMPLEMENTED): .notImplemented
            case Int(CT_ERROR_OUT_OF_MEMORY): .outOfMemory
            default: .other
            }
        return TorchError(code, "\(operation): \(String(cString: ct_error_message()))", file: file, line: line)
    }
}
