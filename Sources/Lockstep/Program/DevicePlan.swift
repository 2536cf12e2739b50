import Launching
import Torch

/// Which GPU each rank of this machine gets, and whether there are enough.
enum DevicePlan {
    /// Refuses more ranks than GPUs, before any is started.
    ///
    /// - Parameters:
    ///   - ranks: the ranks of this machine.
    ///   - device: the option's text; nil for a GPU where there is one.
    ///   - count: the GPUs that LibTorch sees.
    ///   - visible: `CUDA_VISIBLE_DEVICES`, where it is set.
    ///   - shares: whether ranks may share a GPU.
    /// - Throws: ``TrainingError`` with `deviceUnavailable`.
    static func require(_ ranks: Int, on device: String?, count: Int, visible: String?, shares: Bool) throws {
        let usesGPU = device.flatMap { Device($0) }.map { $0.kind != .cpu } ?? (count > 0)
        guard usesGPU, ranks > count, !(shares && count > 0) else { return }
        let variable = visible.map { " (CUDA_VISIBLE_DEVICES=\($0))" } ?? ""
        let remedy = count == 0 ? "--device cpu" : "--nproc \(count) or --share-gpu"
        throw TrainingError(
            .deviceUnavailable,
            "\(counted(ranks, "rank")) asked, \(counted(count, "GPU")) visible\(variable); use \(remedy)")
    }

    /// The GPU of a rank.
    static func index(ofLocalRank localRank: Int, count: Int) -> Int { localRank % max(1, count) }
}
