import CTorch
import Foundation
import Torch
public import TorchNN

/// Batch normalisation over the samples of all ranks (PyTorch's class of this name).
///
/// ```swift
/// let network = SyncBatchNorm.convert(ResNet.resnet18(), group: group)
/// let model = try DistributedDataParallel(network, group: group)
/// ```
/// In training, every converted layer computes what one process would with the joined batch: output, gradients and
/// running statistics, also when ranks have batches of different sizes. All ranks must call it then, each with at least
/// one sample. In evaluation nothing is sent. A forward pass cannot throw: what fails in it is thrown by the backward
/// pass, and by everything else that the group does.
public enum SyncBatchNorm {
    /// Makes all `BatchNorm2d` layers of a model take their statistics from all ranks (`convert_sync_batchnorm`).
    ///
    /// Names and values of the state stay as they are.
    ///
    /// - Returns: the model itself.
    @discardableResult
    public static func convert<Model: Module>(_ model: Model, group: ProcessGroup) -> Model {
        let totals = GroupTotals(group)
        for case let layer as BatchNorm2d in model.namedModules.map(\.module) {
            layer.totals = group.worldSize > 1 ? totals : nil
        }
        return model
    }
}

extension Module {
    /// Whether a layer takes its statistics from other ranks, which therefore all have to call it.
    var needsOtherRanks: Bool {
        namedModules.contains { ($0.module as? BatchNorm2d)?.totals != nil }
    }
}

/// Sums over the ranks of a group.
private final class GroupTotals: BatchTotals {
    private let group: ProcessGroup

    init(_ group: ProcessGroup) { self.group = group }

    func total(_ tensor: Tensor) -> Tensor {
        if gradientsEnabled { BackwardObservers.add(self) }
        do {
            return try group.differentiableSum(tensor)
        } catch {
            // The group has failed; what is computed from here on is thrown away by the backward pass.
            return tensor
        }
    }
}

extension GroupTotals: BackwardObserver {
    func willRunBackward() throws {
        guard let failure = group.failure else { return }
        BackwardObservers.remove(self)
        throw failure
    }

    func didRunBackward(_ failure: TorchError?) throws {
        BackwardObservers.remove(self)
        if failure != nil, let failure = group.failure { throw failure }
    }
}
