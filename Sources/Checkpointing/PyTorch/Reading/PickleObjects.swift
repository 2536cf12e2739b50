import Torch

/// A value on the stack of a pickle that is read.
///
/// Containers are numbers into ``PickleObjects``: what contains itself is no cycle of references then, and what is
/// nested deep is released without recursion.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    /// Bytes of the pickle, which are UTF-8.
    case text(start: UInt32, count: UInt32)
    case bytes(Int32)
    case list(Int32)
    case tuple(Int32)
    case dictionary(Int32)
    case global(PickleGlobal)
    case storage(Int32)
    case tensor(Int32)

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a bool"
        case .integer: "an int"
        case .real: "a float"
        case .text: "a string"
        case .bytes: "bytes"
        case .list: "a list"
        case .tuple: "a tuple"
        case .dictionary: "a dictionary"
        case .global(let global): global.name
        case .storage: "a storage without tensor"
        case .tensor: "a tensor"
        }
    }
}

/// The containers and tensors of a pickle, in the order in which they were made.
struct PickleObjects {
    var lists: [[PickleValue]] = []
    var tuples: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var bytes: [[UInt8]] = []
    var storages: [StoredStorage] = []
    var tensors: [StoredTensor] = []
}

/// Memory that tensors refer to.
struct StoredStorage {
    /// The file of the archive.
    let record: String
    /// The type of its elements; nil where each tensor says it.
    let dtype: DType?
    /// The bytes that it should have.
    let byteCount: Int
}
