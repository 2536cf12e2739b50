import OrderedCollections
import Testing
import Torch
import TorchNN
import TorchOptim

/// An optimizer's way over fixed gradients, as PyTorch went it.
struct TrajectoryCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Options: Decodable, Sendable {
        let lr: Double?
        let momentum: Double?
        let dampening: Double?
        let weightDecay: Double?
        let nesterov: Bool?
        let maximize: Bool?
        let betas: [Double]?
        let eps: Double?
        let amsgrad: Bool?
    }

    struct Group: Decodable, Sendable {
        let parameters: [Int]
        let own: Options

        private enum Key: String, CodingKey { case parameters }

        init(from decoder: any Decoder) throws {
            parameters = try decoder.container(keyedBy: Key.self).decode([Int].self, forKey: .parameters)
            own = try Options(from: decoder)
        }
    }

    let name: String
    let optimizer: String
    let options: Options
    let groups: [Group]
    let absentGradients: [[Int]]
    let start: [String]
    let gradients: [String]
    let trajectory: [String]
    let state: [[String: String]]

    var testDescription: String { name }

    static let all = Fixture.cases(TrajectoryCase.self, of: "optimizers.json")

    func makeOptimizer(_ parameters: [NamedParameter]) -> any Optimizer {
        switch optimizer {
        case "SGD":
            SGD(
                groups.map { group in
                    ParameterGroup(
                        group.parameters.map { parameters[$0] }, learningRate: group.own.lr,
                        weightDecay: group.own.weightDecay
                    ) { if let momentum = group.own.momentum { $0.momentum = momentum } }
                },
                learningRate: options.lr ?? 1e-3, momentum: options.momentum ?? 0, dampening: options.dampening ?? 0,
                weightDecay: options.weightDecay ?? 0, nesterov: options.nesterov ?? false,
                maximize: options.maximize ?? false)
        case "Adam":
            Adam(
                adamGroups(parameters), learningRate: options.lr ?? 1e-3, betas: betas, eps: options.eps ?? 1e-8,
                weightDecay: options.weightDecay ?? 0, amsgrad: options.amsgrad ?? false,
                maximize: options.maximize ?? false)
        default:
            AdamW(
                adamGroups(parameters), learningRate: options.lr ?? 1e-3, betas: betas, eps: options.eps ?? 1e-8,
                weightDecay: options.weightDecay ?? 1e-2, amsgrad: options.amsgrad ?? false,
                maximize: options.maximize ?? false)
        }
    }

    private var betas: (Double, Double) { options.betas.map { ($0[0], $0[1]) } ?? (0.9, 0.999) }

    private func adamGroups(_ parameters: [NamedParameter]) -> [ParameterGroup<Adam.Settings>] {
        groups.map { group in
            ParameterGroup(
                group.parameters.map { parameters[$0] }, learningRate: group.own.lr, weightDecay: group.own.weightDecay
            ) { if let betas = group.own.betas { $0.betas = (betas[0], betas[1]) } }
        }
    }
}

@Suite("Optimizers go PyTorch's way")
struct TrajectoryTests {
    @Test("parameters after each step and the state at the end are PyTorch's", arguments: TrajectoryCase.all)
    func trajectory(_ example: TrajectoryCase) throws {
        let tensors = try Fixture.tensors(of: "optimizers.safetensors")
        let parameters = try example.start.enumerated().map { index, key in
            NamedParameter("p\(index)", try #require(tensors[key]).clone().requiringGrad())
        }
        let optimizer = example.makeOptimizer(parameters)
        for step in 0..<12 {
            for (index, parameter) in parameters.enumerated() {
                let gradient = try #require(tensors[example.gradients[index]])[step].clone()
                parameter.tensor.grad = example.absentGradients.contains([step, index]) ? nil : gradient
            }
            try optimizer.step()
            for (index, parameter) in parameters.enumerated() {
                let expected = try #require(tensors[example.trajectory[index]])[step]
                expectClose(parameter.tensor, expected, "parameter \(index) after step \(step)")
            }
        }
        let state = optimizer.stateDictionary()
        var expectedNames: Set<String> = []
        for (index, entries) in example.state.enumerated() {
            for (entry, key) in entries {
                expectedNames.insert("p\(index).\(entry)")
                expectClose(try #require(state["p\(index).\(entry)"]), try #require(tensors[key]), "p\(index).\(entry)")
            }
        }
        #expect(Set(state.keys.filter { !$0.hasPrefix("groups.") }) == expectedNames)
    }
}
