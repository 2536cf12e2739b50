/// How much trackers may keep in memory, and how long they may take.
public struct TrackerLimits: Sendable {
    /// How many points wait for one tracker at most; further ones are dropped and counted.
    public var waitingPoints = 1 << 15

    /// How many points a tracker is given in one call at most.
    public var pointsPerCall = 256

    /// How long points are gathered before a tracker is given them.
    public var gathering = Duration.milliseconds(500)

    /// How long a tracker that threw is left alone; twice as long after each further time in a row.
    public var firstPause = Duration.seconds(1)

    /// The longest time that a tracker that threw is left alone.
    public var longestPause = Duration.seconds(60)

    /// The usual limits.
    public init() {}
}
