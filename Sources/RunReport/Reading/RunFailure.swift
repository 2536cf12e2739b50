/// What `ranks/outcome.json` says of a job that ended with a failure.
public struct RunFailure: Sendable, Hashable {
    /// When, in seconds since 1970.
    public let time: Double?
    /// The job's exit code.
    public let exitCode: Int?
    /// The rank that failed first, where it is known.
    public let rank: Int?
    /// What happened, for people.
    public let lines: [String]

    /// The failure in a value; unknown fields are passed over.
    public init(_ value: StoredValue) {
        time = value["time"]?.double
        exitCode = value["exit_code"]?.integer
        rank = value["rank"]?.integer
        lines = (value["lines"]?.list ?? []).compactMap(\.text)
    }
}
