import Foundation
import Torch
import TorchDistributed
import TorchNN

/// A rank as a process: `ranks-probe <scenario> <rank> <world size> <port of the store>`.
///
/// A scenario may end in `-gloo`, for that backend, in `-machines`, for ranks that take themselves to be on two machines in
/// turn, or in `-distant`, for ranks that see each other through the store alone.
/// It prints what became of it as a line of JSON.
@main
struct RanksProbe {
    struct Outcome: Codable {
        var code: String?
        var message = ""
        /// From the last good collective to the end.
        var seconds = 0.0
        /// What a scenario counts.
        var numbers: [Int] = []
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let rank = Int(arguments[2]), let worldSize = Int(arguments[3]),
            let port = Int(arguments[4])
        else { throw DistributedError(.invalidArgument, "arguments: scenario, rank, world size, port") }
        LibTorch.threadCount = 1
        var outcome = Outcome()
        let isDistant = arguments[1].hasSuffix("-distant")
        let backend: ProcessGroup.Backend? =
            arguments[1].hasSuffix("-gloo") ? .gloo : arguments[1].hasSuffix("-machines") ? .hierarchical : nil
        let scenario = ["-distant", "-gloo", "-machines"].reduce(arguments[1]) {
            $0.replacingOccurrences(of: $1, with: "")
        }
        if scenario == "lifetimes" {
            outcome.numbers = try Lifetimes.counts(backend)
        } else {
            let store = try Store.tcp(host: "127.0.0.1", port: port, isServer: false, timeout: .seconds(30))
            var probe = try ProbeRank(
                backend: backend, isDistant: isDistant, store: store, rank: rank, worldSize: worldSize)
            do {
                if scenario == "times" { outcome.numbers = try probe.timings() } else { try probe.run(scenario) }
            } catch let error as DistributedError {
                outcome.code = error.code.description
                outcome.message = error.message
            }
            outcome.seconds = probe.secondsSinceLastGood
        }
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
        // Returns without closing the group: a failure must not keep a process from ending.
    }
}
