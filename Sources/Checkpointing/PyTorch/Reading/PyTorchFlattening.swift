import OrderedCollections
import Torch

/// Makes one list of names of the containers in a file: `optimizer.state.0.exp_avg`.
struct PyTorchFlattening {
    private(set) var tensors = StateDictionary()
    private(set) var values = OrderedDictionary<String, PyTorchFile.Value>()

    private var archive: PyTorchArchive
    private let reader: PickleReader
    // By what the pickle says, which is quick to compare, and by place: a tensor under two names is written twice.
    private var visitedTensors: [StoredTensor: Tensor] = [:]
    private var made: [StoredElements: Tensor] = [:]
    private var visited = 0
    // What names, texts and tensors may take in memory together.
    private var allowance: Int

    private static let deepest = 100

    /// Visits all that a pickle holds.
    ///
    /// - Parameters:
    ///   - root: the pickle's value.
    ///   - reader: what has read it.
    ///   - archive: the storages.
    /// - Throws: ``PyTorchFileError`` for the first tensor that is not as it should be, or has another one's name.
    init(_ root: PickleValue, of reader: PickleReader, in archive: PyTorchArchive) throws {
        self.reader = reader
        self.archive = archive
        // Small files may say much about little: names, for instance, are joined anew for each tensor.
        allowance = 2 * archive.size + 1 << 16
        try visit(root, name: "", depth: 0)
    }

    private mutating func visit(_ value: PickleValue, name: String, depth: Int) throws {
        visited += 1
        guard visited <= PickleReader.mostValues else {
            throw limit("has more than \(PickleReader.mostValues) values")
        }
        guard depth <= Self.deepest else {
            throw limit("has containers more than \(Self.deepest) deep in each other, or one that holds itself")
        }
        switch value {
        case .dictionary(let number):
            for item in reader.objects.dictionaries[Int(number)] {
                try visit(item.value, name: join(name, key(item.key, in: name), depth), depth: depth + 1)
            }
        case .list(let number): try visit(all: reader.objects.lists[Int(number)], name: name, depth: depth)
        case .tuple(let number): try visit(all: reader.objects.tuples[Int(number)], name: name, depth: depth)
        case .tensor(let number): try add(reader.objects.tensors[Int(number)], name: name)
        default: try add(plain(value, name: name), name: name)
        }
    }

    private mutating func visit(all values: [PickleValue], name: String, depth: Int) throws {
        for (index, value) in values.enumerated() {
            try visit(value, name: join(name, "\(index)", depth), depth: depth + 1)
        }
    }

    private func key(_ key: PickleValue, in name: String) throws -> String {
        switch key {
        case .text: return reader.text(key) ?? ""
        case .integer(let number): return "\(number)"
        default:
            throw reader.refused(
                "a dictionary\(name.isEmpty ? "" : " \(name.quotedForMessage)") with \(key.kind) as a key, where strings "
                    + "and ints are read,")
        }
    }

    private mutating func join(_ name: String, _ key: String, _ depth: Int) throws -> String {
        let joined = depth == 0 ? key : "\(name).\(key)"
        try spend(joined.utf8.count, on: joined)
        return joined
    }

    // MARK: Tensors and values

    private mutating func add(_ stored: StoredTensor, name: String) throws {
        let tensor = try visitedTensors[stored] ?? tensor(stored, name: name)
        visitedTensors[stored] = tensor
        guard values[name] == nil, tensors.updateValue(tensor, forKey: name) == nil else { throw duplicate(name) }
    }

    private mutating func tensor(_ stored: StoredTensor, name: String) throws -> Tensor {
        let elements = try StoredElements(stored, of: reader.objects, name: name, file: archive.file)
        if let same = made[elements] { return same }
        try spend(elements.byteCount, on: name)
        let data = try archive.data(of: elements.record)
        do {
            let tensor = try elements.tensor(from: data)
            made[elements] = tensor
            return tensor
        } catch let error as TorchError {
            throw PyTorchFileError(
                .invalidTensor, "\(archive.file): tensor \(name.quotedForMessage) cannot be made here: \(error)",
                cause: error)
        }
    }

    private mutating func add(_ value: PyTorchFile.Value, name: String) throws {
        guard tensors[name] == nil, values.updateValue(value, forKey: name) == nil else { throw duplicate(name) }
    }

    private mutating func plain(_ value: PickleValue, name: String) throws -> PyTorchFile.Value {
        switch value {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .real(let value): return .real(value)
        case .text(_, let count):
            try spend(Int(count), on: name)
            return .text(reader.text(value) ?? "")
        case .bytes(let number):
            try spend(reader.objects.bytes[Int(number)].count, on: name)
            return .bytes(reader.objects.bytes[Int(number)])
        case .global(.elementType(let number)): return .text("torch.\(PickleGlobal.elementTypes[Int(number)])")
        default: throw reader.refused(value.kind)
        }
    }

    // MARK: Limits

    private mutating func spend(_ bytes: Int, on name: String) throws {
        guard bytes <= allowance else {
            throw limit(
                "would take more than twice the file's \(archive.size) bytes in memory, as of \(name.quotedForMessage): "
                    + "tensors overlap, or were expanded")
        }
        allowance -= bytes
    }

    private func limit(_ predicate: String) -> PyTorchFileError {
        PyTorchFileError(
            .limitExceeded,
            "\(archive.file) \(predicate). Save the tensors alone and contiguous, in a flat dictionary.")
    }

    private func duplicate(_ name: String) -> PyTorchFileError {
        PyTorchFileError(
            .duplicateName,
            "\(archive.file) has two values that are called \(name.quotedForMessage) when the names of nested "
                + "dictionaries are joined by dots. Rename one of them before they are saved.")
    }
}
