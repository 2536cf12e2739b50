import Torch
import TorchDistributed

/// How long an all-reduce takes, for people to look at: `ranks-probe times 0 2 <port>` and the same for rank 1.
enum Timings {
    /// Nanoseconds, the median of many, for each of three sizes: with a work, at once, and at once in shared memory.
    static func nanoseconds(_ group: ProcessGroup) throws -> [Int] {
        // A layer's bias, the gradients of an MLP, and those of ResNet-18.
        try [1024, 669_706, 11_181_642].flatMap { count -> [Int] in
            let repeats = count > 1_000_000 ? 30 : count > 10_000 ? 300 : 20_000
            let plain = Tensor.ones([count])
            let shared = try group.sharedTensor(count: count)
            return [
                try median(repeats, group) { try group.allReduce(plain, .max).wait() },
                try median(repeats, group) { try group.allReduceNow(plain, .max) },
                try median(repeats, group) { try group.allReduceNow(shared, .max) },
            ]
        }
    }

    private static func median(_ repeats: Int, _ group: ProcessGroup, _ body: () throws -> Void) throws -> Int {
        for _ in 0..<(repeats / 10) { try body() }
        try group.barrier().wait()
        let clock = ContinuousClock()
        let times = try (0..<repeats).map { _ in try clock.measure { try body() } }
        return Int(times.sorted()[repeats / 2] / .nanoseconds(1))
    }
}
