import Testing

@testable import Launching

@Suite("The gathering of machines")
struct GatheringTests {
    private func node(
        _ node: Int, of count: Int = 3, processes: Int = 2, host: String? = nil, arguments: [String] = ["x"]
    ) -> NodeDescription {
        NodeDescription(
            node: node, nodeCount: count, processCount: processes, host: host ?? "host-\(node)", pid: 100 + Int32(node),
            arguments: arguments)
    }

    private func gathering(of count: Int = 3) -> Gathering {
        Gathering(node(0, of: count), timeout: .seconds(60))
    }

    @Test("is complete when all have joined, in any order, and once", arguments: [[1, 2], [2, 1]])
    func complete(_ order: [Int]) {
        var gathering = gathering()
        #expect(gathering.reopen() == [])
        #expect(gathering.handle(.joined(connection: 7, node(order[0]))) == [])
        #expect(gathering.handle(.joined(connection: 8, node(order[1]))) == [.complete])
        #expect(gathering.descriptions.map(\.node) == [0, 1, 2])
        #expect(gathering.handle(.passed(.seconds(1000))) == [])
    }

    @Test("of one machine is complete at once")
    func alone() {
        var gathering = gathering(of: 1)
        #expect(gathering.reopen() == [.complete])
    }

    @Test("names who is missing every ten seconds, and at the end")
    func missing() {
        var gathering = gathering(of: 4)
        _ = gathering.handle(.joined(connection: 1, node(2, of: 4)))
        #expect(gathering.handle(.passed(.seconds(9))) == [])
        #expect(
            gathering.handle(.passed(.seconds(10)))
                == [.say("2 of 4 nodes have joined; waiting for nodes 1, 3 (50 s left)")])
        #expect(gathering.handle(.passed(.seconds(19))) == [])
        _ = gathering.handle(.joined(connection: 2, node(3, of: 4)))
        #expect(
            gathering.handle(.passed(.seconds(25)))
                == [.say("3 of 4 nodes have joined; waiting for node 1 (35 s left)")])
        #expect(gathering.handle(.passed(.seconds(29))) == [])
        guard case .fail(let message) = gathering.handle(.passed(.seconds(60))).first else {
            Issue.record("no failure")
            return
        }
        #expect(message.hasPrefix("3 of 4 nodes have joined within 60 s; missing: node 1. "))
        #expect(gathering.handle(.passed(.seconds(61))) == [])
    }

    @Test(
        "refuses a machine that cannot be meant",
        arguments: [
            (0, 3, "host-0 was started with --node-rank 0, which is node 0 (host-0)'s"),
            (3, 3, "host-3 was started with --node-rank 3, which is not below --nnodes"),
            (1, 2, "node 1 (host-1) was started with --nnodes 2, and node 0 (host-0) with --nnodes 3"),
            (2, 3, "host-2 (pid 102) was started with --node-rank 2, as host-b (pid 102) was"),
        ])
    func refused(_ number: Int, _ count: Int, _ text: String) {
        var gathering = gathering()
        _ = gathering.handle(.joined(connection: 1, node(2, host: "host-b")))
        guard case .refuse(9, let reason) = gathering.handle(.joined(connection: 9, node(number, of: count))).first
        else {
            Issue.record("not refused")
            return
        }
        #expect(reason.hasPrefix(text), "\(reason)")
        #expect(gathering.handle(.joined(connection: 2, node(1))) == [.complete])
    }

    @Test("waits again for a machine that has left")
    func left() {
        var gathering = gathering()
        _ = gathering.handle(.joined(connection: 1, node(1)))
        #expect(gathering.handle(.left(connection: 1)) == [])
        #expect(gathering.handle(.joined(connection: 2, node(2))) == [])
        #expect(gathering.handle(.joined(connection: 3, node(1))) == [.complete])
        #expect(gathering.handle(.left(connection: 2)) == [])
        #expect(gathering.reopen() == [])
        #expect(
            gathering.handle(.passed(.seconds(10))) == [
                .say("2 of 3 nodes have joined; waiting for node 2 (50 s left)")
            ])
        #expect(gathering.handle(.joined(connection: 4, node(2))) == [.complete])
    }

    @Test("says where machines were started with other arguments, and goes on")
    func arguments() {
        var gathering = gathering(of: 2)
        #expect(
            gathering.handle(.joined(connection: 1, node(1, of: 2, arguments: ["--seed", "2"]))) == [
                .say("node 1 (host-1) was started with other arguments than node 0 (host-0): --seed 2 instead of x"),
                .complete,
            ])
    }
}
