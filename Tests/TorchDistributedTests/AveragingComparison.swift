import Torch
import TorchDistributed
import TorchNN
import TorchOptim

/// What comparisons of averaging at once with c10d's reducer have in common.
enum AveragingComparison {
    static func options(_ averaging: DataParallelOptions.Averaging?) -> DataParallelOptions {
        var options = DataParallelOptions()
        options.averaging = averaging
        return options
    }

    static func optimizer(_ parameters: [NamedParameter], adam: Bool) -> any Optimizer {
        adam ? Adam(parameters, learningRate: 0.01) : SGD(parameters, learningRate: 0.1, momentum: 0.9)
    }

    /// A step in which one rank, another each time, has no data.
    static func joinInTurn(
        _ synchronizer: GradientSynchronizer, _ group: ProcessGroup, step: Int, loss: () -> Tensor
    ) throws {
        if group.rank == step % group.worldSize {
            try synchronizer.joinStep()
        } else {
            try loss().backward()
        }
    }
}
