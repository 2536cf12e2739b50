package import Torch

extension Module: CustomStringConvertible {
    /// The module's parts, a line each, as PyTorch prints a model.
    public final var description: String {
        let parts = members.compactMap { member -> String? in
            guard case .module(let module) = member.content else { return nil }
            let lines = module.description.split(separator: "\n", omittingEmptySubsequences: false)
            return (["  (\(member.name)): \(lines[0])"] + lines.dropFirst().map { "  \($0)" }).joined(separator: "\n")
        }
        guard !parts.isEmpty else { return signature }
        return "\(type(of: self))(\n" + parts.joined(separator: "\n") + "\n)"
    }
}

extension Module: CallDescribing {
    package final func describeCall(innermost: any CallDescribing) -> String {
        guard let module = innermost as? Module else { return signature }
        let path = namedModules.first { $0.module === module }?.name ?? ""
        return path.isEmpty ? module.signature : "\(path): \(module.signature)"
    }
}
