import LockstepTesting
import Testing
import Torch

/// One line of the table of operations that PyTorch computed.
struct OperationCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let operation: String
    let inputs: [String: OneOrMore]
    let arguments: [String: FixtureValue]
    let outputs: [String]

    /// The name of a tensor, or of several.
    enum OneOrMore: Decodable, Sendable {
        case one(String)
        case more([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                self = .one(name)
            } else {
                self = .more(try container.decode([String].self))
            }
        }
    }

    var testDescription: String { name }
}

/// The arguments of a case, as this library's operations take them.
struct Operands {
    let tensors: [String: Tensor]
    let lists: [String: [Tensor]]
    let arguments: [String: FixtureValue]

    init(_ entry: OperationCase, in fixture: Fixture<OperationCase>) throws {
        var tensors: [String: Tensor] = [:]
        var lists: [String: [Tensor]] = [:]
        for (role, names) in entry.inputs {
            switch names {
            case .one(let name): tensors[role] = try fixture.tensor(name)
            case .more(let names): lists[role] = try names.map(fixture.tensor)
            }
        }
        self.tensors = tensors
        self.lists = lists
        arguments = entry.arguments
    }

    var input: Tensor { self["input"] }
    var other: Tensor { self["other"] }
    subscript(_ role: String) -> Tensor { tensors[role] ?? tensors["tensor"] ?? Tensor(Double.nan) }

    var dim: Int? { arguments["dim"]?.int }
    var dims: [Int] { arguments["dim"]?.ints ?? [] }
    var keepDim: Bool { arguments["keepdim"]?.bool ?? false }
    var dtype: DType? { dtype(named: arguments["dtype"]?.string) }
    func int(_ name: String, _ value: Int = 0) -> Int { arguments[name]?.int ?? value }
    func double(_ name: String) -> Double? { arguments[name]?.double }
    func ints(_ name: String) -> [Int] { arguments[name]?.ints ?? [] }

    private func dtype(named name: String?) -> DType? {
        DType.allCases.first { $0.description == name }
    }

    var entries: [any TensorIndexing] {
        (arguments["entries"]?.elements ?? []).map { entry in
            switch entry {
            case .integer(let index): return index
            case .text: return TensorIndex.ellipsis
            case .table(let table):
                let ends = table["slice"]?.elements ?? []
                return TensorIndex.slice(from: ends[0].int ?? 0, to: ends[1].int, by: ends[2].int ?? 1)
            default: return TensorIndex.newAxis
            }
        }
    }
}

/// PyTorch's operations by name: what this library calls for each.
let operationTable: [String: @Sendable (Operands) -> [Tensor]] = [
    "abs": { [$0.input.abs()] },
    "add": { [$0.input + $0.other] },
    "all": { [$0.input.all(dim: $0.int("dim"))] },
    "amax": { [$0.input.max(dims: $0.dims, keepDim: $0.keepDim)] },
    "amin": { [$0.input.min(dims: $0.dims, keepDim: $0.keepDim)] },
    "any": { [$0.input.any(dim: $0.int("dim"))] },
    "arange": { operands in
        guard let step = operands.arguments["step"]?.int else {
            let number = { operands.double($0) ?? .nan }
            return [.arange(number("start"), number("end"), step: number("step"))]
        }
        return [.arange(operands.int("start"), operands.int("end"), step: step)]
    },
    "argmax": { [$0.input.argmax(dim: $0.dim, keepDim: $0.keepDim)] },
    "argmin": { [$0.input.argmin(dim: $0.dim, keepDim: $0.keepDim)] },
    "argsort": { [$0.input.sort(dim: $0.int("dim")).indices] },
    "cat": { [Tensor.cat($0.lists["tensors"] ?? [], dim: $0.int("dim"))] },
    "ceil": { [$0.input.ceil()] },
    "chunk": { $0.input.chunk($0.int("chunks"), dim: $0.int("dim")) },
    "clamp": { [$0.input.clamp(min: $0.double("min"), max: $0.double("max"))] },
    "cos": { [$0.input.cos()] },
    "count_nonzero": { [$0.input.ne(0).sum(dim: $0.int("dim"))] },
    "cumsum": { [$0.input.cumsum(dim: $0.int("dim"))] },
    "div": { operands in
        switch operands.arguments["rounding_mode"]?.string {
        case "floor": [operands.input.floorDivide(operands.other)]
        case "trunc": [(operands.input.to(.float64) / operands.other).trunc().to(.int64)]
        default: [operands.input / operands.other]
        }
    },
    "eq": { [$0.input.eq($0.other)] },
    "exp": { [$0.input.exp()] },
    "expand": { [$0.input.expand($0.ints("size"))] },
    "eye": { [.eye($0.int("n"), $0.int("m"))] },
    "flatten": { [$0.input.flatten(from: $0.int("start_dim"), to: $0.int("end_dim", -1))] },
    "flip": { [$0.input.flip(dims: $0.ints("dims"))] },
    "floor": { [$0.input.floor()] },
    "gather": { [$0.input.gather(dim: $0.int("dim"), $0["index"])] },
    "ge": { [$0.input >= $0.other] },
    "gt": { [$0.input > $0.other] },
    "index": { [$0.input.subscripted($0.entries)] },
    "index_assign": { operands in
        let result = operands.input.clone()
        result.subscripted(operands.entries).fill(operands.double("value") ?? .nan)
        return [result]
    },
    "index_by_mask": { [$0.input[$0["mask"]]] },
    "index_by_tensor": { [$0.input[$0["index"]]] },
    "index_select": { [$0.input.indexSelect(dim: $0.int("dim"), $0["index"])] },
    "isfinite": { [$0.input.isfinite()] },
    "isnan": { [$0.input.isnan()] },
    "le": { [$0.input <= $0.other] },
    "linalg.vector_norm": { [$0.input.norm($0.double("ord") ?? 2, dims: $0.dims)] },
    "linspace": { [.linspace($0.double("start") ?? .nan, $0.double("end") ?? .nan, steps: $0.int("steps"))] },
    "log": { [$0.input.log()] },
    "log_softmax": { [$0.input.logSoftmax(dim: $0.int("dim"))] },
    "logical_and": { [$0.input.logicalAnd($0.other)] },
    "logical_not": { [$0.input.logicalNot()] },
    "logsumexp": { [$0.input.logsumexp(dims: $0.dims)] },
    "lt": { [$0.input < $0.other] },
    "masked_fill": { [$0.input.maskedFill($0["mask"], $0.double("value") ?? .nan)] },
    "masked_select": { [$0.input.maskedSelect($0["mask"])] },
    "matmul": { [$0.input.matmul($0.other)] },
    "max": { operands in
        guard let dim = operands.dim else { return [operands.input.max()] }
        let result = operands.input.max(dim: dim, keepDim: operands.keepDim)
        return [result.values, result.indices]
    },
    "maximum": { [$0.input.maximum($0.other)] },
    "mean": { [$0.input.mean(dims: $0.dims, keepDim: $0.keepDim)] },
    "min": { operands in
        guard let dim = operands.dim else { return [operands.input.min()] }
        let result = operands.input.min(dim: dim, keepDim: operands.keepDim)
        return [result.values, result.indices]
    },
    "minimum": { [$0.input.minimum($0.other)] },
    "mul": { [$0.input * $0.other] },
    "ne": { [$0.input.ne($0.other)] },
    "neg": { [-$0.input] },
    "nonzero": { [$0.input.nonzero()] },
    "one_hot": { [$0.input.oneHot(classes: $0.int("num_classes"))] },
    "outer": { [$0.input.outer($0["vec2"])] },
    "permute": { [$0.input.permute($0.ints("dims"))] },
    "pow": { operands in
        switch operands.arguments["exponent"] {
        case .integer(let exponent): [operands.input.pow(exponent)]
        case .real(let exponent): [operands.input.pow(exponent)]
        default: [operands.input.pow(operands["exponent"])]
        }
    },
    "prod": { operands in
        [operands.dim.map { operands.input.product(dim: $0, keepDim: operands.keepDim) } ?? operands.input.product()]
    },
    "reciprocal": { [$0.input.reciprocal()] },
    "remainder": { [$0.input % $0.other] },
    "repeat": { [$0.input.repeat($0.ints("repeats"))] },
    "reshape": { [$0.input.reshape($0.ints("shape"))] },
    "roll": { operands in
        let (shift, dim) = (operands.int("shifts"), operands.int("dims"))
        let size = operands.input.size(dim)
        let head = operands.input.narrow(dim: dim, start: 0, length: size - shift)
        return [.cat([operands.input.narrow(dim: dim, start: size - shift, length: shift), head], dim: dim)]
    },
    "round": { [$0.input.round()] },
    "rsqrt": { [$0.input.rsqrt()] },
    "sigmoid": { [$0.input.sigmoid()] },
    "sign": { [$0.input.sign()] },
    "sin": { [$0.input.sin()] },
    "softmax": { [$0.input.softmax(dim: $0.int("dim"))] },
    "sort": { operands in
        let descending = operands.arguments["descending"]?.bool ?? false
        let result = operands.input.sort(dim: operands.int("dim"), descending: descending)
        return [result.values, result.indices]
    },
    "split": { operands in
        let (sizes, dim) = (operands.ints("split_size_or_sections"), operands.int("dim"))
        guard sizes.count > 1 else { return operands.input.split(sizes[0], dim: dim) }
        let starts = sizes.indices.map { sizes[..<$0].reduce(0, +) }
        return zip(starts, sizes).map { operands.input.narrow(dim: dim, start: $0, length: $1) }
    },
    "sqrt": { [$0.input.sqrt()] },
    "square": { [$0.input.square()] },
    "squeeze": { operands in
        [operands.dim.map { operands.input.squeeze(dim: $0) } ?? operands.input.squeeze()]
    },
    "stack": { [Tensor.stack($0.lists["tensors"] ?? [], dim: $0.int("dim"))] },
    "std": { operands in
        let correction = operands.double("correction") ?? 1
        return [
            operands.input.standardDeviation(dims: operands.dims, correction: correction, keepDim: operands.keepDim)
        ]
    },
    "sub": { [$0.input - $0.other] },
    "sum": { [$0.input.sum(dims: $0.dims, keepDim: $0.keepDim, dtype: $0.dtype)] },
    "tanh": { [$0.input.tanh()] },
    "to": { [$0.input.to($0.dtype ?? .float32)] },
    "topk": { operands in
        let largest = operands.arguments["largest"]?.bool ?? true
        let result = operands.input.topk(operands.int("k"), dim: operands.int("dim"), largest: largest)
        return [result.values, result.indices]
    },
    "transpose": { [$0.input.transpose($0.int("dim0"), $0.int("dim1"))] },
    "tril": { [$0.input.tril(diagonal: $0.int("diagonal"))] },
    "triu": { [$0.input.triu(diagonal: $0.int("diagonal"))] },
    "unbind": { operands in
        let dim = operands.int("dim")
        return (0..<operands.input.size(dim)).map { operands.input.select(dim: dim, $0) }
    },
    "unsqueeze": { [$0.input.unsqueeze(dim: $0.int("dim"))] },
    "var": { operands in
        let correction = operands.double("correction") ?? 1
        return [operands.input.variance(dims: operands.dims, correction: correction, keepDim: operands.keepDim)]
    },
    "where": { [Tensor.where($0["condition"], $0.input, $0.other)] },
]

extension Tensor {
    /// The subscript with as many places as a list has.
    func subscripted(_ entries: [any TensorIndexing]) -> Tensor {
        switch entries.count {
        case 1: self[entries[0]]
        case 2: self[entries[0], entries[1]]
        default: self[entries[0], entries[1], entries[2]]
        }
    }
}
