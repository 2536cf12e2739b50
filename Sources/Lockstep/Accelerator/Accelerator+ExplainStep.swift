import Logging
import Torch
import TorchDistributed
import TorchNN

extension Accelerator {
    /// Says how the forward and backward pass that have just been were computed, for `--explain-step`.
    func explainStep() throws {
        loop.hasExplained = true
        let own = stepExplanation
        let all = try ranks.group?.exchange("step", own) ?? [own]
        guard isMainProcess else { return }
        logger.info("how a step is computed\(worldSize > 1 ? " on rank 0" : ""):\n\(own)")
        guard worldSize > 1 else { return }
        let others = all.enumerated().filter { $0.element != own }
        for (rank, text) in others {
            logger.info("and on rank \(rank):\n\(text ?? "  it did not say")")
        }
        if others.isEmpty { logger.info("and in the same way on all \(ranks.description)") }
    }

    private var stepExplanation: String {
        let detour = LayerChain.detour
        var lines = loop.models.flatMap(\.stepReports).map { report in
            let layers = report.layers.joined(separator: ", ")
            guard let reason = report.reason else { return "  \(layers): one operation, without LibTorch's dispatch" }
            return "  \(layers): LibTorch's operations, since \(reason)"
        }
        let set = InstructionSet.current
        let kernels = set == .none ? "LibTorch's alone" : "those of Lockstep for \(set), LibTorch's for all else"
        lines.append("  kernels: \(kernels)")
        lines.append(
            "  backward pass: " + (detour.map { "LibTorch's engine, since \($0)" } ?? "direct, without an engine"))
        for synchronizer in loop.synchronizers {
            let backend = synchronizer.group.backend.rawValue
            let reason = synchronizer.averagingReason
            lines.append(
                "  gradients: averaged over \(ranks.description) "
                    + (reason.map { "in buckets during the backward pass (\(backend)), since \($0)" }
                        ?? "at once after the backward pass (\(backend))"))
            if let elements = synchronizer.elements, elements.averaged < elements.all {
                lines.append(
                    "  gradients: \(elements.averaged) of \(elements.all) elements are averaged; the others are zero, "
                        + "since taps of convolutions meet padding alone")
            }
        }
        return lines.joined(separator: "\n")
    }
}
