import Torch
import TorchDistributed

/// A program in which the last rank does something else than the others.
struct Mismatch: Sendable, CustomStringConvertible {
    let description: String
    /// What the message has to name: both sides.
    let words: [String]
    let run: @Sendable (_ group: ProcessGroup, _ isLast: Bool) throws -> Void

    static let all = [
        Mismatch(description: "operation", words: ["all-reduce (sum) of float32 [4]", "barrier"]) { group, isLast in
            if isLast { try group.barrier().wait() } else { try group.allReduce(.ones([4])).wait() }
        },
        Mismatch(description: "size", words: ["float32 [8]", "float32 [4]"]) { group, isLast in
            try group.allReduce(.ones([isLast ? 4 : 8])).wait()
        },
        Mismatch(description: "shape", words: ["float32 [2, 4]", "float32 [4, 2]"]) { group, isLast in
            try group.allGather(.ones(isLast ? [4, 2] : [2, 4])).wait()
        },
        Mismatch(description: "type", words: ["of float32 [4]", "of int32 [4]"]) { group, isLast in
            try group.allReduce(.ones([4], dtype: isLast ? .int32 : .float32)).wait()
        },
        Mismatch(description: "root", words: ["from rank 0", "from rank 1"]) { group, isLast in
            try group.broadcast(.ones([4]), from: isLast ? 1 : 0).wait()
        },
        Mismatch(description: "reduction", words: ["all-reduce (sum)", "all-reduce (max)"]) { group, isLast in
            try group.allReduce(.ones([4]), isLast ? .max : .sum).wait()
        },
        Mismatch(description: "order", words: ["all-reduce (sum) of float32 [3]", "broadcast of float32 [3]"]) {
            group, isLast in
            if isLast {
                try group.broadcast(.ones([3]), from: 0).wait()
                try group.allReduce(.ones([3])).wait()
            } else {
                try group.allReduce(.ones([3])).wait()
                try group.broadcast(.ones([3]), from: 0).wait()
            }
        },
        Mismatch(description: "one more", words: ["all-reduce (sum) of float32 [5]", "barrier"]) { group, isLast in
            if isLast { try group.allReduce(.ones([5])).wait() }
            try group.barrier().wait()
        },
    ]
}
