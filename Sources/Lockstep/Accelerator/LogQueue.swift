import Torch
import Tracking

/// Logged values that have not been read yet.
///
/// Reading a scalar of a GPU waits for the GPU, so values are kept as tensors and read a few steps later.
final class LogQueue {
    /// The values of one step.
    struct Entry {
        let step: Int
        let epoch: Int
        let seconds: Double
        let values: [(name: String, value: LoggedNumber)]
    }

    private static let capacity = 16
    private(set) var entries: [Entry] = []

    var isFull: Bool { entries.count >= Self.capacity }

    func append(_ entry: Entry) {
        entries.append(entry)
    }

    /// All entries, which leave the queue.
    func take() -> [Entry] {
        defer { entries.removeAll(keepingCapacity: true) }
        return entries
    }
}

/// A number to be logged: known, or still on a device.
enum LoggedNumber {
    case tensor(Tensor)
    case number(Double)
    case integer(Int)

    /// The number as it stands in `metrics.jsonl`.
    var recordValue: RecordValue {
        switch self {
        case .number(let value): .number(value)
        case .integer(let value): .integer(value)
        case .tensor(let tensor) where tensor.dtype == .float64: .number(tensor.item())
        case .tensor(let tensor) where tensor.dtype.isFloatingPoint: .single(tensor.item())
        case .tensor(let tensor): .integer(tensor.item())
        }
    }
}
