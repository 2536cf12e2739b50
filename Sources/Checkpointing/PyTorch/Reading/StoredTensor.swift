import Torch

/// A tensor of a pickle: its place in a storage, not yet checked.
struct StoredTensor: Hashable {
    /// The number of the storage.
    let storage: Int32
    let dtype: DType
    /// The elements in front of the first one.
    let offset: Int
    /// The number of the tuple with the sizes.
    let shape: Int32
    /// The number of the tuple with the elements to step over along each dimension.
    let strides: Int32
}

/// A tensor's elements in a storage, checked to lie inside it.
struct StoredElements: Hashable {
    /// The file of the archive.
    let record: String
    let dtype: DType
    /// Where the first element is, in bytes.
    let start: Int
    let shape: [Int]
    let strides: [Int]
    /// The bytes of all elements one after another.
    let byteCount: Int

    private static let mostDimensions = 64

    /// Checks a tensor against its storage.
    ///
    /// - Parameters:
    ///   - tensor: the tensor.
    ///   - objects: what its numbers refer to.
    ///   - name: its name, for messages.
    ///   - file: the file's name, for messages.
    /// - Throws: ``PyTorchFileError`` where an element would lie outside the storage.
    init(_ tensor: StoredTensor, of objects: PickleObjects, name: String, file: String) throws {
        func failure(_ predicate: String) -> PyTorchFileError {
            PyTorchFileError(
                .invalidTensor,
                "\(file): tensor \(name.quotedForMessage) \(predicate). The file is damaged or forged; fetch or write it "
                    + "again.")
        }
        let storage = objects.storages[Int(tensor.storage)]
        record = storage.record
        dtype = tensor.dtype
        guard let shape = Self.numbers(objects.tuples[Int(tensor.shape)]),
            let strides = Self.numbers(objects.tuples[Int(tensor.strides)]), shape.count == strides.count
        else { throw failure("has a shape or strides that are no list of at most 64 whole numbers from 0 on") }
        self.shape = shape
        self.strides = strides
        guard let byteCount = Self.byteCount(shape, dtype) else {
            throw failure("has the shape \(shape), whose bytes no 64-bit number can count")
        }
        let size = dtype.byteCount
        let available = storage.byteCount / size
        guard let last = Self.last(shape, strides) else {
            throw failure("has the shape \(shape) and the strides \(strides), which no memory can have")
        }
        let isEmpty = shape.contains(0)
        let fits = tensor.offset >= 0 && tensor.offset <= available && (isEmpty || last < available - tensor.offset)
        guard fits else {
            throw failure(
                "of shape \(shape) with strides \(strides) from element \(tensor.offset) on lies outside its memory, "
                    + "which has \(available) elements")
        }
        start = tensor.offset * size
        self.byteCount = isEmpty ? 0 : byteCount
    }

    /// A tensor of its own with these elements.
    ///
    /// - Parameter storage: the bytes of the storage.
    /// - Throws: `TorchError` where there is no memory.
    func tensor(from storage: UnsafeRawBufferPointer) throws -> Tensor {
        if isContiguous {
            let bytes = UnsafeRawBufferPointer(rebasing: storage[start..<start + byteCount])
            return try Tensor(bytes: bytes, shape: shape, dtype: dtype)
        }
        let result = Tensor.zeros(shape, dtype: dtype)
        let elements = UnsafeRawBufferPointer(rebasing: storage[start...])
        result.withUnsafeMutableBytes { target in
            switch dtype.byteCount {
            case 1: gather(UInt8.self, from: elements, to: target)
            case 2: gather(UInt16.self, from: elements, to: target)
            case 4: gather(UInt32.self, from: elements, to: target)
            default: gather(UInt64.self, from: elements, to: target)
            }
        }
        return result
    }

    private var isContiguous: Bool {
        guard byteCount > 0 else { return true }
        var stride = 1
        for (size, found) in zip(shape, strides).reversed() where size != 1 {
            guard found == stride else { return false }
            stride *= size
        }
        return true
    }

    /// Copies the elements in the order of the shape; there is at least one of them, and one dimension.
    private func gather<Element: FixedWidthInteger>(
        _ type: Element.Type, from elements: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
    ) {
        let width = MemoryLayout<Element>.size
        let inner = (count: shape[shape.count - 1], stride: strides[shape.count - 1])
        var index = [Int](repeating: 0, count: shape.count - 1)
        var source = 0
        var position = 0
        while position < target.count {
            for step in 0..<inner.count {
                let element = elements.loadUnaligned(fromByteOffset: (source + step * inner.stride) * width, as: type)
                target.storeBytes(of: element, toByteOffset: position, as: type)
                position += width
            }
            var dimension = index.count - 1
            while dimension >= 0 {
                index[dimension] += 1
                source += strides[dimension]
                if index[dimension] < shape[dimension] { break }
                source -= index[dimension] * strides[dimension]
                index[dimension] = 0
                dimension -= 1
            }
        }
    }

    private static func numbers(_ values: [PickleValue]) -> [Int]? {
        guard values.count <= mostDimensions else { return nil }
        var numbers: [Int] = []
        for value in values {
            guard case .integer(let number) = value, number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The bytes of a shape whose empty dimensions are counted as one, as LibTorch forms strides of them.
    private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
        var count = dtype.byteCount
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
            if overflow { return nil }
            count = product
        }
        return count
    }

    /// The distance of the last element from the first one; nil where no 64-bit number can count it.
    private static func last(_ shape: [Int], _ strides: [Int]) -> Int? {
        var last = 0
        for (size, stride) in zip(shape, strides) where size > 1 {
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, secondOverflow) = last.addingReportingOverflow(distance)
            if overflow || secondOverflow { return nil }
            last = sum
        }
        return last
    }
}
