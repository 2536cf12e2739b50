import Foundation
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// A rank that trains a small model for a few steps: `network-probe name=value …`.
///
/// The names are `init`, `rank`, `world`, `backend`, `ports` (`first-last`), `groups` (how many more groups it makes),
/// `timeout` (seconds for joining) and `steps`; with `sizes` (bytes, with commas) it measures all-reduces instead, for
/// about `limit` seconds each. It prints a line of JSON.
@main
struct NetworkProbe {
    struct Outcome: Codable {
        var rank = 0
        /// Where it listened for data, of each group.
        var endpoints: [String] = []
        /// The sum of the model's weights after the last step.
        var weights = 0.0
        var code: String?
        var message = ""
        /// From the start to the end of it.
        var seconds = 0.0
        /// With `sizes`: of each size, the times of its all-reduces.
        var allReduces: [AllReduceTimes.Size]?
    }

    static func main() throws {
        LibTorch.threadCount = 1
        let start = ContinuousClock.now
        var outcome = Outcome()
        do {
            try run(&outcome)
        } catch let error as DistributedError {
            outcome.code = error.code.description
            outcome.message = error.message
        }
        outcome.seconds = Double(start.duration(to: .now).components.seconds)
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
        exit(outcome.code == nil ? 0 : 1)
    }

    private static func run(_ outcome: inout Outcome) throws {
        var values: [String: String] = [:]
        for argument in CommandLine.arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            values[parts[0]] = parts.count == 2 ? parts[1] : ""
        }
        let ports = values["ports"].map { $0.split(separator: "-").compactMap { Int($0) } }
        let group = try ProcessGroup(
            backend: .init(named: values["backend"] ?? "gloo"), initMethod: values["init"] ?? "env://",
            rank: values["rank"].flatMap { Int($0) }, worldSize: values["world"].flatMap { Int($0) },
            timeout: .seconds(30), joinTimeout: .seconds(values["timeout"].flatMap { Int($0) } ?? 60),
            portRange: ports.map { $0[0]...$0[1] })
        outcome.rank = group.rank
        if let sizes = values["sizes"]?.split(separator: ",").compactMap({ Int($0) }) {
            let limit = values["limit"].flatMap { Double($0) } ?? 1
            outcome.allReduces = try AllReduceTimes.measure(sizes, limit: limit, group)
            return try group.close()
        }
        var groups = [group]
        for _ in 0..<(values["groups"].flatMap { Int($0) } ?? 0) {
            if let more = try group.subgroup(Array(0..<group.worldSize)) { groups.append(more) }
        }
        outcome.endpoints = groups.map { $0.dataEndpoint ?? "" }

        let network = Linear(8, 4, generator: Generator(seed: 1))
        for group in groups {
            let model = try DistributedDataParallel(network, group: group)
            let optimizer = SGD(model.parameters, learningRate: 0.01)
            let input = Tensor.full([16, 8], Double(group.rank + 1), dtype: .float32)
            for _ in 0..<(values["steps"].flatMap { Int($0) } ?? 3) {
                optimizer.zeroGrad()
                let output = model(input)
                try (output * output).mean().backward()
                try optimizer.step()
            }
        }
        outcome.weights = network.parameters.reduce(0) {
            $0 + $1.tensor.detach().to(.float64).sum().item(as: Double.self)
        }
        try group.close()
    }
}
