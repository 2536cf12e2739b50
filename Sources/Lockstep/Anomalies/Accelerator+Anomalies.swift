import Foundation
import Logging
import Torch
import TorchDistributed
import TorchNN
import TorchOptim

extension Accelerator {
    private var response: AnomalyOptions.Response { options.anomalies.onAnomaly }

    /// Looks at a loss, and at the gradients where they are those of a whole step; after each backward pass.
    func inspect(_ loss: Tensor) throws {
        if device == .cpu || response == .skip {
            inspect(loss, of: step + 1)
        } else {
            for (step, loss) in loop.anomalies.keep(loss, of: step + 1) { inspect(loss, of: step) }
        }
        if loop.isWholeStep { try inspectGradients() }
    }

    private func inspect(_ loss: Tensor, of step: Int) {
        guard loss.count == 1, loop.anomalies.pending == nil else { return }
        let value = Double(loss)
        if !value.isFinite { notice(.loss, "the loss is \(Self.words(value))", in: step) }
    }

    /// Takes the scaler's factor out of the gradients, and leaves the step out where it is not to be.
    private func inspectGradients() throws {
        if let scaler = loop.scaler, try !scaler.unscale(loop.trainedParameters) {
            // An overflow is how the scaler finds its factor; with a loss that is no number it is not.
            if loop.anomalies.pending == nil { return suspendStep() }
        } else if response == .skip || options.anomalies.gradientNormLimit != nil, loop.anomalies.pending == nil {
            let norm = gradNorm(loop.trainedParameters).item(as: Double.self)
            if !norm.isFinite {
                notice(.gradients, "the norm of the gradients is \(Self.words(norm))", in: step + 1)
            } else if let limit = options.anomalies.gradientNormLimit, norm > limit {
                notice(
                    .gradients, "the norm of the gradients is \(norm), above the limit of \(limit),", in: step + 1)
            }
        }
        guard response == .skip else { return }
        let own = loop.anomalies.pending
        guard try ranks.isTrueOfAny(own != nil) else { return loop.anomalies.accept() }
        let account = try exchangeAnomalies()
        guard account.canBeSkipped else { throw fatal(account.text, "Leaving out a step does not mend that.") }
        suspendStep()
        loop.restoreBuffers()
        guard loop.anomalies.skip() else {
            throw fatal(account.text, "\(AnomalyWatch.longestSkipping) steps in a row were left out before.")
        }
        guard isMainProcess, loop.anomalies.skippedInARow <= AnomalyWatch.toldSkips else { return }
        let isLastTold = loop.anomalies.skippedInARow == AnomalyWatch.toldSkips
        logger.warning(
            "step \(step + 1) is left out: \(account.text)\(isLastTold ? "; of others that follow at once nothing is said" : "")"
        )
    }

    /// A NaN has a sign that says nothing.
    private static func words(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

    private func suspendStep() { loop.suspendOptimizers(true) }

    /// Notes an anomaly, with what of the model is not finite.
    private func notice(_ kind: AnomalyWatch.Kind, _ words: String, in step: Int) {
        let place = "in step \(step) (epoch \(epoch), batch \(batch))"
        let parameters = loop.trainedParameters
        let ruined = Self.nonFinite(parameters.map { ($0.name, $0.tensor.detach()) })
        let causes = Self.nonFinite(parameters.compactMap { one in one.tensor.grad.map { (one.name, $0) } })
        let details =
            if let ruined {
                "\(ruined) among the parameters, so a step before has gone wrong"
            } else {
                "the parameters are finite, up to \(String(format: "%.3g", Self.largest(parameters))) in size"
                    + (causes.map { "; \($0) among the gradients" } ?? ", and the gradients too")
            }
        loop.anomalies.notice(
            .init(kind: kind, step: step, text: "\(words) \(place): \(details)", canBeSkipped: ruined == nil))
    }

    private static func largest(_ parameters: [NamedParameter]) -> Double {
        parameters.map { $0.tensor.detach().abs().max().item(as: Double.self) }.max() ?? 0
    }

    /// `layers.2.weight (3 of 5120 elements) is not finite`; nil where all are.
    static func nonFinite(_ tensors: [(name: String, tensor: Tensor)]) -> String? {
        let named = 2
        let found = tensors.compactMap { name, tensor -> String? in
            let count = tensor.count - Int(tensor.isfinite().sum().item(as: Double.self))
            return count == 0 ? nil : "\(name) (\(count) of \(counted(tensor.count, "element")))"
        }
        guard !found.isEmpty else { return nil }
        let rest = found.count > named ? " and \(found.count - named) more" : ""
        return "\(found.prefix(named).joined(separator: ", "))\(rest) \(found.count == 1 ? "is" : "are") not finite"
    }

    // MARK: Agreement

    /// What all ranks have noticed, by the ranks that noticed it first.
    private func exchangeAnomalies() throws -> (text: String, canBeSkipped: Bool) {
        let own = loop.anomalies.takePending()
        let line = own.map { "\($0.step)\t\($0.kind.rawValue)\t\($0.canBeSkipped)\t\($0.text)" } ?? ""
        let lines = try ranks.group?.exchange("anomaly", line) ?? [line]
        let accounts = lines.enumerated().compactMap { rank, line -> Account? in Account(rank, line ?? "") }
        // What another rank's loss has done to this one shows in the gradients, or a step later.
        let first = accounts.map(\.order).min { $0 < $1 }
        let causes = accounts.filter { $0.order == first ?? $0.order }
        let isAlike = causes.count == worldSize && causes.allSatisfy { $0.text == causes[0].text }
        let texts =
            if worldSize == 1 {
                causes.map(\.text)
            } else if isAlike {
                ["on all ranks \(causes[0].text)"]
            } else {
                causes.map { "on rank \($0.rank) \($0.text)" }
            }
        return (texts.joined(separator: "; "), accounts.allSatisfy(\.canBeSkipped))
    }

    /// What one rank has noticed.
    private struct Account {
        let rank: Int
        let order: (step: Int, kind: Int)
        let canBeSkipped: Bool
        let text: String

        init?(_ rank: Int, _ line: String) {
            let fields = line.split(separator: "\t", maxSplits: 3).map(String.init)
            guard fields.count == 4, let step = Int(fields[0]), let kind = Int(fields[1]) else { return nil }
            self.rank = rank
            order = (step, kind)
            canBeSkipped = fields[2] == "true"
            text = fields[3]
        }
    }

    /// Does what was chosen where any rank has noticed something; a collective, between steps.
    ///
    /// - Returns: whether the training has gone back to a checkpoint.
    @discardableResult
    func settleAnomalies() throws -> Bool {
        for (step, loss) in loop.anomalies.takeUnread() { inspect(loss, of: step) }
        guard try ranks.isTrueOfAny(loop.anomalies.pending != nil) else { return false }
        return try settleAgreedAnomalies()
    }

    /// Does what was chosen about an anomaly that all ranks know of.
    @discardableResult
    func settleAgreedAnomalies() throws -> Bool {
        note("agreeing on an anomaly")
        let account = try exchangeAnomalies()
        guard response == .rollBack else {
            throw fatal(account.text, response == .skip ? "Leaving out a step does not mend that." : nil)
        }
        try goBack(account.text)
        return true
    }

    /// Compares the ranks' parameters where it is time; after a step.
    func compareRanks() throws {
        let interval = options.anomalies.compareRanksEvery
        guard worldSize > 1, interval > 0, step > loop.comparedStep, step % interval == 0 else { return }
        loop.comparedStep = step
        note("comparing parameters")
        do {
            for synchronizer in loop.synchronizers { try synchronizer.requireEqualParameters() }
        } catch let error as DistributedError where error.code == .modelsDiffer {
            // All ranks compare the same checksums, so all notice the same.
            loop.anomalies.notice(
                .init(
                    kind: .parameters, step: step, text: "after step \(step) \(error.message)", canBeSkipped: false))
            try settleAgreedAnomalies()
        }
    }

    /// Throws where training has ended with parameters that are no numbers.
    func requireFiniteModels() throws {
        // A rank that comes here before the others is told of in these words.
        try ranks.meet()
        try settleAnomalies()
        guard let ruined = Self.nonFinite(loop.models.flatMap(\.parameters).map { ($0.name, $0.tensor.detach()) })
        else { return }
        throw fatal("after the last step \(ruined) among the parameters", nil)
    }

    func fatal(_ text: String, _ addition: String?) -> TrainingError {
        let checkpoint =
            loop.saver == nil ? "" : " The run's checkpoints are from before that."
        let others =
            response == .stop
            ? "; --on-anomaly skip leaves such steps out, roll-back goes back to a checkpoint" : ""
        return TrainingError(
            .anomaly,
            "\(text).\(addition.map { " \($0)" } ?? "")\(checkpoint) Lower the learning rate or clip the gradients\(others)."
        )
    }
}
