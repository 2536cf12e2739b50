/// The seconds that a collective takes, by what they go to.
public struct CollectiveSeconds: Sendable, Hashable, Encodable {
    /// Messages on the way, whatever their size.
    public var latency = 0.0
    /// Data on the way.
    public var transfer = 0.0
    /// Sums, and reading and writing memory for them.
    public var reduction = 0.0

    /// The whole time.
    public var total: Double { latency + transfer + reduction }

    /// One after the other.
    public static func + (left: CollectiveSeconds, right: CollectiveSeconds) -> CollectiveSeconds {
        CollectiveSeconds(
            latency: left.latency + right.latency, transfer: left.transfer + right.transfer,
            reduction: left.reduction + right.reduction)
    }

    /// A part of the time, or several times it.
    public static func * (factor: Double, seconds: CollectiveSeconds) -> CollectiveSeconds {
        CollectiveSeconds(
            latency: factor * seconds.latency, transfer: factor * seconds.transfer,
            reduction: factor * seconds.reduction)
    }
}
