/// What `ranks/outcome.json` says of a job that ended with a failure.
public struct RunFailure: Sendable, Hashable {
    /// When, in seconds since 1970.
    public var time: Double?
    /// The job's exit code.
    public var exitCode: Int?
    /// The rank that failed first, where it is known.
    public var rank: Int?
    /// What happened, for people.
    public var lines: [String] = []
}

extension RunFailure {
    /// The failure in a value; unknown fields are passed over, and what is no object is no failure.
    public init?(_ value: StoredValue) {
        guard case .object = value else { return nil }
        (time, exitCode, rank) = (value["time"]?.finite, value["exit_code"]?.integer, value["rank"]?.integer)
        lines = (value["lines"]?.list ?? []).compactMap(\.text)
    }
}
