/// How the elements of all ranks become one (PyTorch's `ReduceOp`).
public enum ReduceOperation: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Their sum.
    case sum
    /// Their mean; for floating-point types.
    case average
    /// The least.
    case min
    /// The greatest.
    case max
    /// Their product.
    case product

    /// PyTorch's name in lower case.
    public var description: String { rawValue }

    /// LibTorch's number of what Gloo computes; a mean is a sum that is divided afterwards.
    var number: Int8 {
        switch self {
        case .sum, .average: 0
        case .product: 2
        case .min: 3
        case .max: 4
        }
    }

    static func name(ofNumber number: Int8) -> String {
        switch number {
        // 8: of what each rank has, divided by the number of ranks.
        case 0, 8: "sum"
        case 1: "average"
        case 2: "product"
        case 3: "min"
        case 4: "max"
        case 6: "or"
        default: "operation \(number)"
        }
    }
}
