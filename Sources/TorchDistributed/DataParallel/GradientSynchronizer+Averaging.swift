import Torch
import TorchNN

extension GradientSynchronizer {
    /// Why gradients are averaged in buckets; nil where all of them are averaged at once.
    ///
    /// The ranks agree on it through the store, where there are several.
    ///
    /// - Throws: ``DistributedError``.
    static func reasonForBuckets(
        _ module: Module, _ group: ProcessGroup, _ options: DataParallelOptions
    ) throws -> String? {
        if group.worldSize == 1 { return ownReason(module, options) }
        switch group.backend {
        case .shm: break
        case .hierarchical where options.averaging == nil: return "the ranks are on several machines"
        // Ranks of PyTorch may take part, and they know c10d's reducer alone.
        case .gloo where options.averaging == nil: return "ranks of other programs may take part"
        case .gloo, .hierarchical: break
        }
        let own = ownReason(module, options)
        let all = try group.exchange("averaging", own ?? "")
        if let own { return own }
        let other = all.enumerated().first { $0.element != "" }
        return other.map { "rank \($0.offset): \($0.element ?? "it did not say how it averages")" }
    }

    private static func ownReason(_ module: Module, _ options: DataParallelOptions) -> String? {
        if options.averaging == .inBuckets { return "the program asks for buckets" }
        if options.findUnusedParameters { return "parameters without a gradient are searched for" }
        if options.compression != .none { return "gradients are compressed" }
        for (name, tensor) in module.parameters.map({ ($0.name, $0.tensor) }) where tensor.requiresGrad {
            guard tensor.dtype == .float32, tensor.device == .cpu else {
                return "\(name) is \(tensor.dtype) on \(tensor.device), not float32 on the CPU"
            }
        }
        return nil
    }
}
