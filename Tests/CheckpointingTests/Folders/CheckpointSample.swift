import Checkpointing
import Foundation
import OrderedCollections
import Torch

/// Small checkpoints, and their comparison bit for bit.
enum CheckpointSample {
    /// Two parts of a few thousand bytes, with a record and a metric; every number depends on `seed`.
    static func checkpoint(step: Int, seed: Int = 0, loss: Double? = nil) -> Checkpoint {
        var checkpoint = Checkpoint(step: step, record: ["epoch": 2, "seed": .integer(seed)])
        checkpoint.parts["model"] = [
            "layers.0.weight": (.arange(600, dtype: .float32) + seed).reshape([20, 30]),
            "layers.0.bias": .arange(20, dtype: .float32) - seed, "layers.1.steps": Tensor(seed, dtype: .int64),
        ]
        checkpoint.parts["optimizer"] = ["0.momentum": .arange(300, dtype: .float64) + seed]
        if let loss { checkpoint.metrics["loss"] = loss }
        return checkpoint
    }

    /// A tensor of every type and several layouts.
    static var everyType: StateDictionary {
        var state = StateDictionary()
        for dtype in DType.allCases { state["\(dtype)"] = Tensor.arange(7, dtype: .int64).to(dtype) }
        state["transposed"] = Tensor.arange(12, dtype: .float32).reshape([3, 4]).transpose(0, 1)
        state["taps"] = Tensor.arange(3 * 5 * 7 * 11, dtype: .int32).reshape([7, 11, 5, 3]).permute([3, 2, 0, 1])
        state["outer"] = Tensor.arange(30, dtype: .int8).reshape([5, 1, 6]).permute([2, 1, 0])
        state["halves"] = Tensor.arange(30, dtype: .float16).reshape([2, 3, 5]).permute([1, 0, 2])
        state["doubles"] = Tensor.arange(30, dtype: .float64).reshape([2, 3, 5]).permute([1, 2, 0])
        state["repeated"] = Tensor.arange(3, dtype: .float32).expand([4, 3])
        state["nothing"] = Tensor.zeros([0, 3]).transpose(0, 1)
        state["part"] = Tensor.arange(12, dtype: .float32).reshape([3, 4])[.all, 1]
        state["scalar"] = Tensor(0.1, dtype: .float64)
        state["empty"] = Tensor.zeros([0, 3])
        state["special"] = Tensor(copying: [Float.nan, -.infinity, -0.0, .leastNonzeroMagnitude])
        state["größe \"é\"\n"] = Tensor.ones([1])
        return state
    }

    static func isSame(_ one: Checkpoint, _ other: Checkpoint) -> Bool {
        one.step == other.step && one.record == other.record && one.metrics == other.metrics
            && one.parts.keys == other.parts.keys
            && zip(one.parts.values, other.parts.values).allSatisfy { isSame($0, $1) }
    }

    static func isSame(_ one: StateDictionary, _ other: StateDictionary) -> Bool {
        one.keys == other.keys
            && zip(one.values, other.values).allSatisfy { one, other in
                one.dtype == other.dtype && one.shape == other.shape && bytes(one) == bytes(other)
            }
    }

    static func bytes(_ tensor: Tensor) -> [UInt8] { tensor.contiguous().withUnsafeBytes { Array($0) } }

    /// Writes `bytes` in the place of a file.
    static func replace(_ path: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }
}
