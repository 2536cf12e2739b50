import Torch
import TorchDistributed

/// What a rank has in the conformance tests: a tensor of small numbers that follow from the rank and the place.
struct ConformanceSample: CustomStringConvertible, Sendable {
    enum Layout: CaseIterable, Sendable { case contiguous, transposed, empty }

    static let all = DType.allCases.flatMap { dtype in
        Layout.allCases.map { ConformanceSample(dtype: dtype, layout: $0) }
    }

    let dtype: DType
    let layout: Layout

    var description: String { "\(layout) \(dtype)" }

    var shape: [Int] { layout == .empty ? [0, 4] : [3, 4] }
    private var count: Int { shape.reduce(1, *) }

    /// The elements of a rank in row-major order; `variant` tells apart several tensors of a rank.
    func values(_ rank: Int, variant: Int = 0) -> [Double] {
        (0..<count).map { place in
            let number = rank + variant + place
            return dtype == .bool ? (number % 3 == 0 ? 1 : 0) : Double(1 + number % 2)
        }
    }

    func tensor(_ rank: Int, variant: Int = 0) -> Tensor {
        self.tensor(of: values(rank, variant: variant))
    }

    /// A tensor that every collective has to overwrite.
    func placeholder() -> Tensor { self.tensor(of: Array(repeating: dtype == .bool ? 1 : 77, count: count)) }

    private func tensor(of values: [Double]) -> Tensor {
        let plain = Tensor(copying: values).reshape(shape).to(dtype)
        return layout == .transposed ? plain.transpose(0, 1).contiguous().transpose(0, 1) : plain
    }

    /// What remains of the elements of several tensors at each place.
    func reduced(_ tensors: [[Double]], _ operation: ReduceOperation) -> [Double] {
        (0..<count).map { place in
            let elements = tensors.map { $0[place] }
            let sum = elements.reduce(0, +)
            return switch operation {
            case .sum: dtype == .bool ? min(1, sum) : sum
            case .average: sum / Double(tensors.count)
            case .min: elements.min() ?? 0
            case .max: elements.max() ?? 0
            case .product: elements.reduce(1, *)
            }
        }
    }

    /// What sets a result apart from what is expected, in words.
    func problem(_ what: String, _ tensor: Tensor, _ expected: [Double]) -> [String] {
        guard tensor.dtype == dtype, tensor.shape == shape else {
            return ["\(what) of \(self): \(tensor.dtype) \(tensor.shape)"]
        }
        return problem(what, elements: tensor, expected)
    }

    func problem(_ what: String, elements tensor: Tensor, _ expected: [Double]) -> [String] {
        let found = tensor.to(.float64).contiguous().array(of: Double.self)
        // Only averages are not whole numbers; half precision has three digits of them.
        let tolerance = dtype == .bfloat16 ? 0.02 : dtype == .float16 ? 0.002 : 1e-6
        let isEqual = found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
        return isEqual && tensor.dtype == dtype ? [] : ["\(what) of \(self): \(found) instead of \(expected)"]
    }
}
