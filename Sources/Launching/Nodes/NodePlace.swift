import HostNetwork

/// Which machine of a job this is, and where the machines meet.
public struct NodePlace: Sendable, Hashable {
    /// This machine's number, from 0.
    public var node: Int
    /// The number of machines.
    public var count: Int
    /// Where node 0's launcher serves the store, in terms of the machine that names it.
    package var rendezvous: Endpoint
    /// How long machines wait for each other.
    public var timeout: Duration

    /// Describes a machine's place.
    package init(node: Int, count: Int, rendezvous: Endpoint, timeout: Duration = .seconds(300)) {
        self.node = node
        self.count = count
        self.rendezvous = rendezvous
        self.timeout = timeout
    }
}
