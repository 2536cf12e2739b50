import Torch

/// How layers of a model were called in a step.
package struct StepReport: Equatable {
    /// Where the layers are and what they are, such as `0: Flatten()`.
    package var layers: [String]
    /// Why each operation of them went through LibTorch's dispatch; nil where all of them were one operation.
    package var reason: String?
}

extension Module {
    /// How the layers of the model were called in the last step, in order of declaration.
    package var stepReports: [StepReport] {
        var reports: [StepReport] = []
        var told: Set<ObjectIdentifier> = []
        let modules = namedModules
        let names = Dictionary(
            modules.map { (ObjectIdentifier($0.module), $0.name) }, uniquingKeysWith: { first, _ in first })
        func words(_ module: Module) -> String {
            let name = names[ObjectIdentifier(module)] ?? ""
            return name.isEmpty ? module.signature : "\(name): \(module.signature)"
        }
        for (_, module) in modules where !told.contains(ObjectIdentifier(module)) {
            if let sequence = module as? Sequential {
                for (run, layers) in sequence.parts.runs {
                    reports.append(StepReport(layers: layers.map(words), reason: run.obstacle))
                    told.formUnion(layers.map { ObjectIdentifier($0) })
                }
                continue
            }
            let isLeaf = !module.members.contains { if case .module = $0.content { true } else { false } }
            let hasOwn = module.members.contains { if case .module = $0.content { false } else { true } }
            guard isLeaf || hasOwn else { continue }
            if let layer = module as? any ChainLayer, layer.link != nil {
                reports.append(StepReport(layers: [words(module)], reason: layer.run?.obstacle))
            } else {
                reports.append(StepReport(layers: [words(module)], reason: "it does not know its own backward pass"))
            }
        }
        return reports
    }
}
