import Foundation
import Launching

/// The cores that ranks may use, and how many threads each rank gets of them.
struct CoreCheck: DoctorCheck {
    let name = "cores"

    /// The cores that this machine has.
    var present = ProcessInfo.processInfo.processorCount
    /// Those that this process may run on.
    var allowed = AvailableCores.allowed
    /// Those whose time the control group grants; nil for all.
    var quota = AvailableCores.quota

    func findings() async throws -> [Finding] {
        let count = max(1, min(allowed, quota ?? .max))
        let plan = (1...count).map { ranks in
            (ranks: ranks, threads: AvailableCores.threadsPerRank(localWorldSize: ranks, cores: count))
        }
        // All of a small machine; of a large one the numbers of ranks that leave no core idle.
        let shown = plan.filter { count <= 8 || count % $0.ranks == 0 }
            .map { "\($0.ranks) x \($0.threads)" }.joined(separator: ", ")
        return [
            finding(
                .ok, "\(coreText(count))\(limits(count)); ranks x threads: \(shown)",
                [
                    "count": .number(count), "present": .number(present), "allowed": .number(allowed),
                    "quota": JSONValue(quota),
                    "threadsPerRank": .object(
                        Dictionary(uniqueKeysWithValues: plan.map { ("\($0.ranks)", .number($0.threads)) })),
                ])
        ]
    }

    private func coreText(_ count: Int) -> String { count == 1 ? "1 core" : "\(count) cores" }

    /// Why there are fewer than the machine has.
    private func limits(_ count: Int) -> String {
        guard count < present else { return "" }
        var reasons: [String] = []
        if allowed < present { reasons.append("the process may run on \(allowed)") }
        if let quota, quota < present { reasons.append("its control group has the time of \(quota)") }
        return " of \(present)" + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")
    }
}
