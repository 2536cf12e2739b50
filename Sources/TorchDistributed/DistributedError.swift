import Torch

/// A failure between ranks.
public struct DistributedError: Error, CustomStringConvertible, Sendable {
    /// The kind of a failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidArgument, invalidInitMethod, unavailableBackend, storeFailed, timedOut, collectivesDiffer
            case modelsDiffer, valuesDiffer, unusedParameters, notOnAllRanks, connectionLost, aborted, failed
        }
        private let kind: Kind

        /// An argument cannot be: a rank outside the world, tensors that do not fit.
        public static let invalidArgument = Code(kind: .invalidArgument)
        /// The init method, or the environment that it names, cannot be understood.
        public static let invalidInitMethod = Code(kind: .invalidInitMethod)
        /// The backend is not there.
        public static let unavailableBackend = Code(kind: .unavailableBackend)
        /// The store cannot be reached or refused an operation.
        public static let storeFailed = Code(kind: .storeFailed)
        /// Another rank did not come in time.
        public static let timedOut = Code(kind: .timedOut)
        /// Ranks entered different collectives.
        public static let collectivesDiffer = Code(kind: .collectivesDiffer)
        /// Ranks have different models.
        public static let modelsDiffer = Code(kind: .modelsDiffer)
        /// Ranks have different values of something that must be the same.
        public static let valuesDiffer = Code(kind: .valuesDiffer)
        /// Parameters got no gradient.
        public static let unusedParameters = Code(kind: .unusedParameters)
        /// A collective was called where the other ranks cannot follow.
        public static let notOnAllRanks = Code(kind: .notOnAllRanks)
        /// Another rank closed its connection: it ended or died.
        public static let connectionLost = Code(kind: .connectionLost)
        /// The group was ended on purpose, because of a failure elsewhere.
        public static let aborted = Code(kind: .aborted)
        /// Anything else; the message says what.
        public static let failed = Code(kind: .failed)

        /// The name of the code.
        public var description: String { kind.rawValue }

        /// The code of a name that another rank has sent.
        init?(named name: String) {
            guard let kind = Kind(rawValue: name) else { return nil }
            self.init(kind: kind)
        }

        private init(kind: Kind) { self.kind = kind }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, why, and what to do.
    public let message: String
    /// The source location that reported it.
    public let location: String

    /// Whether the cause is another rank's end, so that this error explains nothing.
    public var isConsequence: Bool { code == .connectionLost || code == .aborted }

    /// An error of this package's own.
    package init(_ code: Code, _ message: String, file: StaticString = #fileID, line: UInt = #line) {
        self.code = code
        self.message = message
        location = "\(file):\(line)"
    }

    /// The message.
    public var description: String { message }

    /// The same with more lines.
    func adding(_ lines: [String]) -> DistributedError {
        let text = ([message] + lines.map { "  \($0)" }).joined(separator: "\n")
        return DistributedError(code, message: text, location: location)
    }

    private init(_ code: Code, message: String, location: String) {
        self.code = code
        self.message = message
        self.location = location
    }

    /// What c10d said of the call that just failed on this thread.
    static func last(_ operation: String, file: StaticString = #fileID, line: UInt = #line) -> DistributedError {
        DistributedError(operation, saying: TorchError.last(operation).message, file: file, line: line)
    }

    /// The error that words of c10d stand for; it has no codes of its own.
    init(_ operation: String, saying words: String, file: StaticString = #fileID, line: UInt = #line) {
        let text = words.lowercased()
        let code: Code =
            if text.contains(" aborted: ") {
                .aborted
            } else if ["timed out", "timeout", "time out", "failed to pass monitoredbarrier", "has not come within"]
                .contains(where: text.contains)
            {
                .timedOut
            } else if [
                "connection closed", "connection reset", "broken pipe", "connection refused", " has ended",
                " has left the group",
            ]
            .contains(where: text.contains) {
                .connectionLost
            } else {
                .failed
            }
        self.init(
            code, words.hasPrefix("\(operation): ") ? words : "\(operation): \(words)", file: file, line: line)
    }
}
