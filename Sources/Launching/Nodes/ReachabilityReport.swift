import HostNetwork

/// Which machine of a job reaches which, on the ports that ranks would use for data.
struct ReachabilityReport: Sendable, Hashable {
    /// A machine, and where the others are to reach it.
    struct Target: Codable, Sendable, Hashable {
        let host: String
        let address: String
        let port: Int

        /// `10.0.0.1:41233`.
        var place: Endpoint { Endpoint(host: address, port: port) }
    }

    let targets: [Target]
    /// What was in each machine's way to each, in the order of the targets; nil for nothing, or for itself.
    let obstacles: [[String?]]

    /// Whether each reaches all.
    var isComplete: Bool { obstacles.allSatisfy { $0.allSatisfy { $0 == nil } } }

    /// A matrix, and a line for each way that is blocked.
    var lines: [String] {
        let width = targets.indices.map { name($0).count }.max() ?? 0
        let header = padded("from \\ to", width) + targets.indices.map { "  \($0)" }.joined()
        let rows = targets.indices.map { from in
            padded(name(from), width)
                + targets.indices.map { to in
                    let mark = from == to ? "·" : obstacles[from][to] == nil ? "✓" : "✗"
                    return "  " + padded(mark, "\(to)".count)
                }.joined()
        }
        var blocked: [String] = []
        for (from, row) in obstacles.enumerated() {
            for (to, obstacle) in row.enumerated() {
                guard let obstacle else { continue }
                blocked.append(
                    "\(name(from)) (\(targets[from].address)) cannot reach \(name(to)) at "
                        + "\(targets[to].place): \(obstacle)")
            }
        }
        let advice =
            blocked.isEmpty
            ? "every node reaches every other"
            : "the rendezvous itself is reached, so a firewall between the machines probably blocks other ports, or they "
                + "know each other by the wrong interface: open the ports (--port-range says which are used) or name the "
                + "interface with --interface"
        return [header] + rows + blocked + [advice]
    }

    private func name(_ node: Int) -> String { "node \(node) (\(targets[node].host))" }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
