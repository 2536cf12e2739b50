import OrderedCollections
import Torch

/// States to write to PyTorch's files.
enum PyTorchSample: String, CaseIterable {
    case nothing, everything, shared, many

    /// The tensors.
    var state: StateDictionary {
        switch self {
        case .nothing: [:]
        case .everything: Self.ofAllForms
        case .shared: Self.inCommonMemory
        case .many: Self.ofManyNames
        }
    }

    /// A tensor whose neighbouring elements differ.
    static func tensor(_ shape: [Int], _ dtype: DType) -> Tensor {
        let count = shape.reduce(1, *)
        guard dtype != .bool else { return Tensor(copying: (0..<count).map { $0 % 3 == 1 }, shape: shape) }
        return Tensor.arange(-count / 2, count - count / 2, step: 1).to(dtype).reshape(shape)
    }

    /// Tensors of all types and of all forms that are written in a special way.
    private static var ofAllForms: StateDictionary {
        var state = StateDictionary()
        for dtype in DType.allCases { state["of \(dtype)"] = tensor([3, 5], dtype) }
        let matrix = tensor([4, 6], .float32)
        state["scalar"] = Tensor(2.5)
        state["empty"] = tensor([0], .int64)
        state["empty.deep"] = tensor([3, 0, 2], .float32)
        state["deep"] = tensor([1, 2, 1, 2, 1, 2, 1, 3], .int16)
        state["long"] = tensor([70_000], .uint8)
        state["megabytes"] = tensor([1 << 18 | 3, 2], .float32)
        state["transposed"] = matrix.transpose(0, 1)
        state["column"] = matrix[.all, 1]
        state["expanded"] = Tensor(7).expand(2, 3)
        let parameter = tensor([2], .float32)
        parameter.requiresGrad = true
        state["with gradient"] = parameter
        for name in ["größe \"q\"", "e\u{301}", "tab\tfeed\nnul\u{0}", "層.0", "😀", "", "/"] {
            state[name] = tensor([2], .int8)
        }
        return state
    }

    /// Tensors that have memory in common: by a second name, as a part of another, and by overlapping.
    private static var inCommonMemory: StateDictionary {
        let table = tensor([10, 4], .float32)
        let flat = tensor([12], .int64)
        let transposed = tensor([3, 2], .float32).transpose(0, 1)
        return [
            "rows": table[2..<4], "embedding": table, "head": table, "other": tensor([10, 4], .float32),
            "front": flat[0..<8], "back": flat[4..<12], "transposed": transposed, "again": transposed,
            "left": flat[0..<0],
        ]
    }

    /// More than a thousand tensors, the number that goes into one batch of the pickle, and one more.
    private static var ofManyNames: StateDictionary {
        StateDictionary(uniqueKeysWithValues: (0...2000).map { ("layers.\($0).weight", tensor([$0 % 4], .float32)) })
    }
}
