/// What `summary.json` says at the end of a run.
public struct RunSummary: Sendable, Hashable {
    /// One rank's time.
    public struct Rank: Sendable, Hashable {
        /// The rank.
        public let rank: Int
        /// Its machine.
        public let host: String?
        /// How long it trained.
        public let seconds: Double?
        /// Shares of the time, from 0 to 1.
        public let compute, communication, data, other: Double
        /// Its own samples in a second.
        public let samplesPerSecond: Double?
        /// In bytes.
        public let peakMemory: Double?
    }

    /// How the run ended, such as `finished`.
    public let outcome: String?
    /// How long it trained.
    public let seconds: Double?
    /// Its steps.
    public let steps: Int?
    /// Of all ranks together.
    public let samplesPerSecond: Double?
    /// Its ranks, in their order.
    public let ranks: [Rank]

    /// The summary in a value; unknown fields are passed over.
    public init(_ value: StoredValue) {
        outcome = value["outcome"]?.text
        seconds = value["seconds"]?.double
        steps = value["steps"]?.integer
        samplesPerSecond = value["samples_per_second"]?.double
        ranks = (value["ranks"]?.list ?? []).compactMap(Rank.init).sorted { $0.rank < $1.rank }
    }
}

extension RunSummary.Rank {
    fileprivate init?(_ value: StoredValue) {
        guard let rank = value["rank"]?.integer else { return nil }
        func share(_ name: String) -> Double {
            min(max(value[name]?.finite ?? 0, 0), 1)
        }
        self.rank = rank
        host = value["host"]?.text
        seconds = value["seconds"]?.double
        (compute, communication) = (share("compute"), share("communication"))
        (data, other) = (share("data"), share("other"))
        samplesPerSecond = value["samples_per_second"]?.double
        peakMemory = value["peak_memory"]?.double
    }
}
