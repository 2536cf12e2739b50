/// Nodes of the same kind, each with the same number of ranks, and what connects them.
public struct Cluster: Sendable, Hashable {
    /// How gradients are summed over all ranks.
    public enum AllReduce: String, Sendable, CaseIterable, Encodable {
        /// One ring through all ranks, which is what Gloo does where it is not told otherwise.
        case ring
        /// First within each node, then a ring of one rank a node, then within each node again.
        case hierarchical
    }

    /// The number of nodes.
    public var nodes: Int
    /// The number of ranks on each.
    public var ranksPerNode: Int
    /// Between nodes; all ranks of a node share it.
    public var network: Link
    /// Between ranks of one node.
    public var local: Link
    /// How gradients are summed.
    public var allReduce: AllReduce
    /// Bytes a second that a rank reads and writes in memory.
    public var memoryBandwidth: Double

    /// Nodes and what connects them.
    public init(
        nodes: Int, ranksPerNode: Int = 1, network: Link, local: Link, allReduce: AllReduce = .ring,
        memoryBandwidth: Double
    ) {
        self.nodes = nodes
        self.ranksPerNode = ranksPerNode
        self.network = network
        self.local = local
        self.allReduce = allReduce
        self.memoryBandwidth = memoryBandwidth
    }

    /// The number of ranks.
    public var ranks: Int { nodes * ranksPerNode }

    /// Seconds of an all-reduce of `bytes` bytes.
    ///
    /// A ring of p ranks takes 2(p−1) steps, each with a part of 1/p: p−1 to sum each part on its way round, p−1 to hand
    /// the sums round. With latency α, bandwidth B and memory bandwidth M that is
    ///
    ///     2(p−1)·α  +  2(p−1)/p · bytes/B  +  (p−1)/p · 3·bytes/M
    ///
    /// (Thakur, Rabenseifner, Gropp, "Optimization of Collective Communication Operations in MPICH", 2005; the least data
    /// that an all-reduce can move is shown by Patarasu and Yuan, "Bandwidth optimal all-reduce algorithms for clusters
    /// of workstations", 2009). A sum reads two numbers and writes one. Gloo cuts each part into at least two pieces, so
    /// that one is summed while another is on its way; that hides a part of the last term, which here stays whole.
    ///
    /// Where a ring visits the ranks of a node one after the other, only one of them sends to another node, so ranks of
    /// a node do not compete for its link.
    public func allReduceSeconds(_ bytes: Double) -> CollectiveSeconds {
        guard ranks > 1 else { return CollectiveSeconds() }
        if nodes == 1 { return ring(ranks, local, bytes) }
        switch allReduce {
        case .ring:
            // Each step of a ring takes as long as its slowest link.
            let outside = ring(ranks, network, bytes)
            guard ranksPerNode > 1 else { return outside }
            let inside = ring(ranks, local, bytes)
            return CollectiveSeconds(
                latency: max(inside.latency, outside.latency), transfer: max(inside.transfer, outside.transfer),
                reduction: outside.reduction)
        case .hierarchical: return ring(ranksPerNode, local, bytes) + ring(nodes, network, bytes)
        }
    }

    /// Seconds of a broadcast of `bytes` bytes along a binomial tree: ⌈log₂ p⌉ messages, one after the other.
    public func broadcastSeconds(_ bytes: Double) -> CollectiveSeconds {
        let rounds = Double(Self.rounds(ranks))
        let link = nodes == 1 ? local : network
        return CollectiveSeconds(latency: rounds * link.latency, transfer: rounds * link.transferSeconds(bytes))
    }

    private func ring(_ count: Int, _ link: Link, _ bytes: Double) -> CollectiveSeconds {
        let others = Double(count - 1)
        let share = others / Double(count)
        return CollectiveSeconds(
            latency: 2 * others * link.latency, transfer: link.transferSeconds(2 * share * bytes),
            reduction: share * 3 * bytes / memoryBandwidth)
    }

    /// ⌈log₂ p⌉.
    private static func rounds(_ count: Int) -> Int { count > 1 ? Int.bitWidth - (count - 1).leadingZeroBitCount : 0 }
}
