import ArgumentParser
import Planning

/// The options of `lockstep plan` about machines and what connects them.
struct PlannedMachines: ParsableArguments {
    @Option(
        help: ArgumentHelp("The numbers of machines: 1...64, 1,2,4,8 or both.", valueName: "numbers"),
        transform: { try NodeCounts($0) })
    var nodes: NodeCounts

    @Option(help: ArgumentHelp("Ranks on each machine.", valueName: "n"))
    var ranksPerNode = 1

    @Option(
        help: ArgumentHelp(
            "What a machine's link carries in each direction: 10Gbit, 1.25GB/s, unlimited.", valueName: "rate"),
        transform: { try Quantity.bandwidth.value(of: $0) })
    var bandwidth: Double

    @Option(
        help: ArgumentHelp(
            "From sending a small message to having it on another machine, software included (default: 50us).",
            valueName: "time"),
        transform: { try Quantity.duration.value(of: $0) })
    var latency = 50e-6

    @Option(help: ArgumentHelp("The size of a packet between machines, headers included.", valueName: "bytes"))
    var mtu = 1500

    @Option(
        help: ArgumentHelp(
            "What carries data between ranks of one machine (default: 5GB/s, shared memory).", valueName: "rate"),
        transform: { try Quantity.bandwidth.value(of: $0) })
    var localBandwidth = 5e9

    @Option(
        help: ArgumentHelp("The same as --latency within a machine (default: 10us).", valueName: "time"),
        transform: { try Quantity.duration.value(of: $0) })
    var localLatency = 10e-6

    @Option(
        help: ArgumentHelp(
            "How gradients are summed: ring through all ranks, as Gloo does alone, or hierarchical, with one rank a machine "
                + "(default: hierarchical where a machine has several ranks).", valueName: "way"))
    var allReduce: Cluster.AllReduce?

    @Option(
        help: ArgumentHelp(
            "What a rank reads and writes in memory, for sums and the optimizer (default: 50GB/s).", valueName: "rate"),
        transform: { try Quantity.bandwidth.value(of: $0) })
    var memoryBandwidth = 50e9

    /// The machines, without their number.
    ///
    /// - Throws: `PlanningError`, or `ValidationError` for a number of ranks or a memory that cannot be.
    func cluster() throws -> Cluster {
        guard (1...4096).contains(ranksPerNode) else {
            throw ValidationError("--ranks-per-node \(ranksPerNode): a machine has 1 to 4096 ranks")
        }
        guard memoryBandwidth > 0 else { throw ValidationError("--memory-bandwidth has to be more than 0") }
        guard (68...65_535).contains(mtu) else { throw ValidationError("--mtu \(mtu): a packet has 68 to 65535 bytes") }
        let payloadShare = Link.ethernetPayloadShare(packetBytes: mtu)
        return Cluster(
            nodes: 1, ranksPerNode: ranksPerNode,
            network: try Link(bandwidth: bandwidth, latency: latency, payloadShare: payloadShare),
            local: try Link(bandwidth: localBandwidth, latency: localLatency, payloadShare: 1),
            allReduce: allReduce ?? (ranksPerNode > 1 ? .hierarchical : .ring), memoryBandwidth: memoryBandwidth)
    }
}

extension Cluster.AllReduce: ExpressibleByArgument {}
extension TrainingJob.Optimizer: ExpressibleByArgument {}
