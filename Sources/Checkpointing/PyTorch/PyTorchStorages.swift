import Torch

/// Which memory a file holds, and where in it each tensor is.
///
/// A storage is the memory of one tensor, or of several that have memory in common, so that they have it in common again
/// when the file is loaded: the same tensor under two names, and contiguous tensors on the CPU whose memory overlaps.
struct PyTorchStorages {
    /// Memory to write.
    struct Storage {
        /// The type of its elements.
        let dtype: DType
        /// The number of elements.
        let count: Int
        fileprivate let content: Content
    }

    /// A tensor's place.
    struct Place: Equatable {
        /// The index in ``storages``.
        let storage: Int
        /// The elements of the storage in front of the tensor's first one.
        let offset: Int
    }

    fileprivate enum Content {
        /// Memory that the tensors keep alive.
        case memory(UnsafeRawBufferPointer)
        /// A tensor of another layout or on another device, which is copied when it is written.
        case tensor(Tensor)
    }

    private enum Key: Hashable {
        case memory(UnsafeRawPointer?, DType)
        case tensor(UnsafeRawPointer)
    }

    /// The memory to write, in the order in which the tensors first need it.
    private(set) var storages: [Storage] = []
    /// The tensors' places, in their own order.
    private(set) var places: [Place] = []

    /// Finds the memory of `tensors`, which have to stay alive until it is written.
    init(_ tensors: [Tensor]) {
        let memory = tensors.map(\.memoryInOrder)
        let stretches = Self.stretches(of: memory, dtypes: tensors.map(\.dtype))
        var numbers: [Key: Int] = [:]
        for (index, tensor) in tensors.enumerated() {
            let dtype = tensor.dtype
            let stretch = stretches[index]
            let key = stretch.map { Key.memory($0.baseAddress, dtype) } ?? .tensor(tensor.identity)
            let number = numbers[key] ?? storages.count
            if number == storages.count {
                numbers[key] = number
                storages.append(
                    Storage(
                        dtype: dtype, count: stretch.map { $0.count / dtype.byteCount } ?? tensor.count,
                        content: stretch.map { .memory($0) } ?? .tensor(tensor)))
            }
            var offset = 0
            if let whole = stretch?.baseAddress, let own = memory[index]?.baseAddress { offset = own - whole }
            places.append(Place(storage: number, offset: offset / dtype.byteCount))
        }
    }

    /// Runs `body` with the bytes of a storage, which are valid during it alone.
    func withBytes(of storage: Storage, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        switch storage.content {
        case .memory(let bytes): try body(bytes)
        case .tensor(let tensor): try tensor.detach().to(.cpu).contiguous().withUnsafeBytes(body)
        }
    }

    /// For each tensor with memory in order, the memory that it and the tensors it overlaps with cover together.
    private static func stretches(
        of memory: [UnsafeRawBufferPointer?], dtypes: [DType]
    ) -> [UnsafeRawBufferPointer?] {
        struct Kind: Hashable {
            let dtype: DType
            // Elements that begin in the middle of each other cannot be numbered together.
            let phase: UInt
        }
        var groups: [Kind: [(index: Int, start: UInt, end: UInt)]] = [:]
        for (index, bytes) in memory.enumerated() {
            guard let bytes, let base = bytes.baseAddress else { continue }
            let start = UInt(bitPattern: base)
            let kind = Kind(dtype: dtypes[index], phase: start % UInt(dtypes[index].byteCount))
            groups[kind, default: []].append((index, start, start + UInt(bytes.count)))
        }
        var result = memory
        for group in groups.values {
            var members: [Int] = []
            var whole: (start: UInt, end: UInt) = (0, 0)
            func close() {
                let bytes = UnsafeRawBufferPointer(
                    start: UnsafeRawPointer(bitPattern: whole.start), count: Int(whole.end - whole.start))
                for index in members { result[index] = bytes }
            }
            for next in group.sorted(by: { $0.start < $1.start }) {
                if next.start < whole.end {
                    whole.end = max(whole.end, next.end)
                } else {
                    close()
                    members = []
                    whole = (next.start, next.end)
                }
                members.append(next.index)
            }
            close()
        }
        return result
    }
}

extension Tensor {
    /// The memory of the elements where they lie in it one after another and the processor can read it.
    fileprivate var memoryInOrder: UnsafeRawBufferPointer? {
        guard count > 0, device == .cpu, isContiguous else { return nil }
        return withUnsafeBytes { $0 }
    }
}
