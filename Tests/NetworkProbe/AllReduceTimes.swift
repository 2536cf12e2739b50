import Foundation
import Torch
import TorchDistributed

/// The seconds of all-reduces of several sizes, for the benchmark.
enum AllReduceTimes {
    struct Size: Codable {
        var bytes: Int
        /// Of each all-reduce, on this rank, from its start to its end.
        var seconds: [Double]
    }

    /// Runs all-reduces of float32, each after the one before on all ranks.
    ///
    /// - Parameters:
    ///   - sizes: bytes, at least 4 each.
    ///   - limit: about how many seconds to spend on a size; it has 5 to 500 all-reduces after a few to warm up.
    static func measure(_ sizes: [Int], limit: Double, _ group: ProcessGroup) throws -> [Size] {
        try sizes.map { bytes in
            let tensor = Tensor.zeros([max(1, bytes / 4)])
            func seconds(_ count: Int) throws -> [Double] {
                try (0..<count).map { _ in
                    let start = ContinuousClock.now
                    try group.allReduce(tensor).wait()
                    let (seconds, attoseconds) = start.duration(to: .now).components
                    return Double(seconds) + Double(attoseconds) * 1e-18
                }
            }
            let warm = Tensor.full([1], try seconds(3)[2], dtype: .float64)
            // All ranks have to agree on how often.
            try group.allReduce(warm, .max).wait()
            let count = min(500, max(5, Int(limit / warm.item(as: Double.self))))
            return Size(bytes: tensor.count * 4, seconds: try seconds(count))
        }
    }
}
