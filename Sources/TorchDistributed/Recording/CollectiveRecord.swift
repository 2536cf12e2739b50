import CTorch
import Torch

/// What a rank says of a collective that it enters.
struct CollectiveRecord: Hashable, Sendable {
    enum Operation: Int8, Sendable, CustomStringConvertible {
        case broadcast, allReduce, reduce, allGather, gather, scatter, reduceScatter, allToAll, barrier
        case monitoredBarrier, send, receive

        var description: String {
            switch self {
            case .broadcast: "broadcast"
            case .allReduce: "all-reduce"
            case .reduce: "reduce"
            case .allGather: "all-gather"
            case .gather: "gather"
            case .scatter: "scatter"
            case .reduceScatter: "reduce-scatter"
            case .allToAll: "all-to-all"
            case .barrier: "barrier"
            case .monitoredBarrier: "monitored barrier"
            case .send: "send"
            case .receive: "receive"
            }
        }
    }

    /// 1, 2, … in the group; 0 for send and receive.
    let sequence: Int
    let operation: Operation
    /// LibTorch's number; nil for none.
    let dtype: Int8?
    let reduction: Int8?
    let root: Int?
    /// As far as it is recorded; -1 where ranks may differ.
    let shape: [Int]
    let dimensionCount: Int
    let elementCount: Int
    let tensorCount: Int

    /// A number that is the same for equal records in all processes (FNV-1a).
    var checksum: UInt64 {
        let numbers =
            [sequence, Int(operation.rawValue), Int(dtype ?? -1), Int(reduction ?? -1), root ?? -1, dimensionCount]
            + shape + [elementCount, tensorCount]
        return numbers.reduce(0xcbf2_9ce4_8422_2325) { hash, number in
            (hash ^ UInt64(bitPattern: Int64(number))) &* 0x100_0000_01b3
        }
    }

    init?(_ collective: ct_collective) {
        guard let operation = Operation(rawValue: collective.operation) else { return nil }
        var collective = collective
        sequence = Int(collective.sequence)
        self.operation = operation
        dtype = collective.dtype < 0 ? nil : collective.dtype
        reduction = collective.reduction < 0 ? nil : collective.reduction
        root = collective.root < 0 ? nil : Int(collective.root)
        dimensionCount = Int(collective.dimension_count)
        elementCount = Int(collective.element_count)
        tensorCount = Int(collective.tensor_count)
        let recorded = max(0, min(dimensionCount, Int(CT_RECORDED_DIMENSIONS)))
        shape = withUnsafeBytes(of: &collective.sizes) { sizes in
            sizes.bindMemory(to: Int64.self).prefix(recorded).map { Int($0) }
        }
    }
}

extension CollectiveRecord: CustomStringConvertible {
    /// `all-reduce (sum) of float32 [512, 784]`.
    var description: String {
        var text = "\(operation)"
        if let reduction { text += " (\(ReduceOperation.name(ofNumber: reduction)))" }
        if let dtype {
            let name = DType(rawValue: dtype).map { "\($0)" } ?? "type \(dtype)"
            let sizes = shape.map { $0 < 0 ? "any" : "\($0)" } + (dimensionCount > shape.count ? ["…"] : [])
            text += " of \(name) [\(sizes.joined(separator: ", "))]"
        }
        if let root {
            switch operation {
            case .broadcast, .scatter, .receive: text += " from rank \(root)"
            default: text += " to rank \(root)"
            }
        }
        return text
    }
}

/// Two ranks that entered different collectives under one number.
struct CollectiveDifference: CustomStringConvertible {
    let description: String

    /// Both sides in words; the lower rank is named first.
    init(group: String, sequence: Int, _ one: (rank: Int, entered: String), _ other: (rank: Int, entered: String)) {
        let (first, second) = one.rank < other.rank ? (one, other) : (other, one)
        description = """
            collective #\(sequence) of \(group) differs between ranks:
              rank \(first.rank) entered \(first.entered)
              rank \(second.rank) entered \(second.entered)
              All ranks must enter the same collectives in the same order, with tensors of the same shape and type; look \
            for a branch that depends on the rank or on its data.
            """
    }

    var error: DistributedError { DistributedError(.collectivesDiffer, description) }
}
