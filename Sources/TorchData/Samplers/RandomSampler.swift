import Torch

/// Each sample once, in an order that differs from epoch to epoch.
///
/// The order is PyTorch's `torch.randperm(count, generator=g)` with `g.manual_seed(seed + epoch)`, which its
/// `DistributedSampler` uses: it is the order at every world size.
public struct RandomSampler: Sampler {
    /// The number of samples.
    public let count: Int

    /// What the orders of all epochs follow from.
    public let seed: UInt64

    /// Random orders of `count` samples.
    public init(count: Int, seed: UInt64 = 0) {
        self.count = max(0, count)
        self.seed = seed
    }

    /// The permutation of an epoch.
    public func indices(epoch: Int) -> [Int] {
        let generator = Generator(seed: seed &+ UInt64(bitPattern: Int64(epoch)))
        return Tensor.randperm(count, generator: generator).array(of: Int.self)
    }
}
