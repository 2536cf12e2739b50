import Planning
import Testing

@Suite("Collectives take what their messages and bytes take")
struct ClusterTests {
    private func cluster(
        _ nodes: Int, ranksPerNode: Int = 1, _ allReduce: Cluster.AllReduce = .ring, bandwidth: Double = 1e9,
        latency: Double = 1e-3
    ) throws -> Cluster {
        Cluster(
            nodes: nodes, ranksPerNode: ranksPerNode,
            network: try Link(bandwidth: bandwidth, latency: latency, payloadShare: 1),
            local: try Link(bandwidth: 10e9, latency: 1e-5, payloadShare: 1), allReduce: allReduce,
            memoryBandwidth: 30e9)
    }

    private func isClose(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-12 * max(one, other) }

    @Test(
        "a ring of p sends 2(p−1) messages and 2(p−1)/p of the bytes", arguments: [2, 3, 4, 8, 64])
    func ring(_ count: Int) throws {
        let seconds = try cluster(count).allReduceSeconds(1e8)
        let (p, share) = (Double(count), Double(count - 1) / Double(count))
        #expect(isClose(seconds.latency, 2 * (p - 1) * 1e-3))
        #expect(isClose(seconds.transfer, 2 * share * 0.1))
        #expect(isClose(seconds.reduction, share * 0.01))
    }

    @Test func `four nodes with 100 MB at 1 GB/s take what is worked out by hand`() throws {
        // 6 messages of 1 ms, 150 MB at 1 GB/s, 3 · 75 MB at 30 GB/s
        let seconds = try cluster(4).allReduceSeconds(1e8)
        #expect(isClose(seconds.total, 0.006 + 0.150 + 0.0075))
    }

    @Test func `one rank alone has nothing to do`() throws {
        #expect(try cluster(1).allReduceSeconds(1e9).total == 0)
        #expect(try cluster(1).broadcastSeconds(1e9).total == 0)
    }

    @Test func `ranks of one node use its own link`() throws {
        for way in Cluster.AllReduce.allCases {
            let seconds = try cluster(1, ranksPerNode: 4, way).allReduceSeconds(1e8)
            #expect(isClose(seconds.latency, 6e-5) && isClose(seconds.transfer, 0.015), "\(way)")
        }
    }

    @Test func `a stage in each node saves messages between nodes`() throws {
        let ring = try cluster(8, ranksPerNode: 4).allReduceSeconds(4096)
        let stages = try cluster(8, ranksPerNode: 4, .hierarchical).allReduceSeconds(4096)
        #expect(isClose(ring.latency, 2 * 31 * 1e-3))
        #expect(isClose(stages.latency, 2 * 7 * 1e-3 + 2 * 3 * 1e-5))
        #expect(stages.total < ring.total)
    }

    @Test("a broadcast passes ⌈log₂ p⌉ links", arguments: [(2, 1), (3, 2), (4, 2), (5, 3), (64, 6), (65, 7)])
    func broadcast(_ nodes: Int, _ rounds: Int) throws {
        let seconds = try cluster(nodes).broadcastSeconds(1e6)
        #expect(isClose(seconds.total, Double(rounds) * (1e-3 + 1e-3)))
    }

    @Test func `headers take their part of a link`() throws {
        let link = try Link(bandwidth: 1538e6, latency: 0)
        #expect(isClose(link.transferSeconds(1448e6), 1))
        #expect(isClose(Link.ethernetPayloadShare(packetBytes: 9000), 8948.0 / 9038))
    }

    @Test("a link that carries nothing is refused", arguments: [(0.0, 0.0), (-1, 0), (1, -1), (1, .infinity)])
    func refused(_ bandwidth: Double, _ latency: Double) {
        #expect(throws: PlanningError.self) { try Link(bandwidth: bandwidth, latency: latency) }
    }
}
