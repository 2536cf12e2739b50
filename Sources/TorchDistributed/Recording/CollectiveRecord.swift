import CTorch
import Foundation
import Torch

/// What a rank says of a collective that it enters.
struct CollectiveRecord: Hashable, Sendable {
    enum Operation: Int8, Sendable, CustomStringConvertible {
        case broadcast, allReduce, reduce, allGather, gather, scatter, reduceScatter, allToAll, barrier
        case monitoredBarrier, send, receive, allocate

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
            case .allocate: "shared allocation"
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
    /// Which bucket of gradients it is, counted from 0 in each backward pass; nil for none.
    let bucket: Int?
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
        return numbers.withUnsafeBytes { $0.digest }
    }

    init?(_ collective: ct_collective) {
        guard let operation = Operation(rawValue: collective.operation) else { return nil }
        var collective = collective
        sequence = Int(collective.sequence)
        self.operation = operation
        dtype = collective.dtype < 0 ? nil : collective.dtype
        reduction = collective.reduction < 0 ? nil : collective.reduction
        root = collective.root < 0 ? nil : Int(collective.root)
        bucket = collective.bucket < 0 ? nil : Int(collective.bucket)
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

extension CollectiveRecord {
    /// The bytes of one rank's tensor; nil where there is none or ranks may differ.
    var byteCount: Int? {
        guard let dtype = dtype.flatMap({ DType(rawValue: $0) }), elementCount >= 0 else { return nil }
        return elementCount * dtype.byteCount
    }

    /// `all-reduce #7 (bucket 0, 25.6 MB float32)`.
    var summary: String {
        var details: [String] = []
        if let bucket { details.append("bucket \(bucket)") }
        if let byteCount, let dtype = dtype.flatMap({ DType(rawValue: $0) }) {
            details.append("\(Self.size(byteCount)) \(dtype)")
        }
        return "\(operation)\(sequence > 0 ? " #\(sequence)" : "")"
            + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }

    private static func size(_ bytes: Int) -> String {
        let units = ["kB", "MB", "GB", "TB"]
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        var unit = 0
        while value >= 999.95, unit + 1 < units.count { (value, unit) = (value / 1000, unit + 1) }
        return String(format: "%.1f", value) + " " + units[unit]
    }
}

/// Ranks that entered different collectives under one number.
struct CollectiveDifference: CustomStringConvertible {
    let description: String

    /// What a rank entered, and what it was doing, as far as that is known.
    typealias Side = (rank: Int, entered: String, activity: String?)

    /// All sides in words; the one of the lowest rank is named first.
    init(group: String, sequence: Int, _ sides: [Side]) {
        var alike: [[Side]] = []
        for side in sides.sorted(by: { $0.rank < $1.rank }) {
            if let index = alike.firstIndex(where: { $0[0].entered == side.entered }) {
                alike[index].append(side)
            } else {
                alike.append([side])
            }
        }
        let lines = alike.map { sides in
            // Of several only what all of them do says something.
            let doing = Set(sides.map(\.activity)).count == 1 ? sides[0].activity : nil
            return "  \(ranksInWords(sides.map(\.rank))) entered \(sides[0].entered)" + (doing.map { ", \($0)" } ?? "")
        }
        description = """
            collective #\(sequence) of \(group) differs between ranks:
            \(lines.joined(separator: "\n"))
              All ranks must enter the same collectives in the same order, with tensors of the same shape and type; look \
            for a branch that depends on the rank or on its data.
            """
    }

    var error: DistributedError { DistributedError(.collectivesDiffer, description) }
}
