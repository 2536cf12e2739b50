import Torch

/// What the functions and classes make that a pickle may name.
extension PickleReader {
    /// The result of a call in the pickle.
    ///
    /// - Throws: ``PyTorchFileError`` where the callee is none, or takes other arguments.
    mutating func call(_ callee: PickleValue, _ arguments: PickleValue) throws -> PickleValue {
        guard case .global(let global) = callee, case .tuple(let number) = arguments else {
            throw refused("a call of \(callee.kind)")
        }
        return try call(global, objects.tuples[Int(number)])
    }

    private mutating func call(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
        switch (global, arguments.count) {
        case (.orderedDictionary, 0), (.counter, 0): return makeDictionary()
        case (.counter, 1):
            if case .dictionary = arguments[0] { return arguments[0] }
        case (.size, 1):
            if case .tuple = arguments[0] { return arguments[0] }
        case (.device, 1), (.device, 2):
            if case .text = arguments[0] { return arguments[0] }
        case (.bytes, 0), (.byteArray, 0): return makeBytes([])
        case (.byteArray, 1):
            if case .bytes = arguments[0] { return arguments[0] }
        case (.encode, 2): return try encoded(arguments)
        case (.rebuildParameter, 3), (.rebuildParameterWithState, 4):
            if case .tensor = arguments[0] { return arguments[0] }
        case (.rebuildFromType, 4):
            // A tensor with attributes of its own, which are left behind.
            if case .global(.tensor) = arguments[1] { return try call(arguments[0], arguments[2]) }
            if case .global(.parameter) = arguments[1] { return try call(arguments[0], arguments[2]) }
        case (.rebuildTensor, 6): return try tensor(arguments)
        case (.rebuildTensor, 7):
            try checkNoMetadata(arguments[6])
            return try tensor(arguments)
        case (.rebuildTypedTensor, 7): return try tensor(arguments, dtype: dtype(arguments[6]))
        case (.rebuildTypedTensor, 8):
            try checkNoMetadata(arguments[7])
            return try tensor(arguments, dtype: dtype(arguments[6]))
        default: break
        }
        throw refused("a call of \(global.name) with \(arguments.count) arguments other than PyTorch's")
    }

    /// The storage of a persistent identifier: `("storage", class, file, place, number of elements)`.
    ///
    /// - Throws: ``PyTorchFileError`` where it is another identifier, or the archive has no such bytes.
    mutating func storage(_ identifier: PickleValue) throws -> PickleValue {
        guard case .tuple(let number) = identifier, case let parts = objects.tuples[Int(number)], parts.count == 5,
            text(parts[0]) == "storage", case .global(.storage(let dtype)) = parts[1], let key = text(parts[2]),
            case .integer(let count) = parts[4]
        else { throw invalid("refers to something outside it that is no storage") }
        let record = "data/\(key.prefix(100))"
        let size = dtype?.byteCount ?? 1
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
        guard count >= 0, !overflow else { throw invalid("has a storage of \(count) elements") }
        guard let found = recordSize(record) else {
            throw PyTorchFileError(
                .damagedArchive,
                "\(file) lacks \(record.quotedForMessage), the memory of a tensor. It is damaged, or was packed by "
                    + "another program: fetch or write it again.")
        }
        // Bytes behind the last whole element belong to no tensor.
        guard byteCount <= found, found - byteCount < size else {
            throw PyTorchFileError(
                .damagedArchive,
                "\(file): \(record.quotedForMessage) has \(found) bytes, where \(byteCount) should be. "
                    + "The file is damaged or forged; fetch or write it again.")
        }
        objects.storages.append(StoredStorage(record: record, dtype: dtype, byteCount: byteCount))
        return .storage(Int32(objects.storages.count - 1))
    }

    // MARK: Parts

    /// Bytes that protocol 2 writes as a string of characters 0 to 255.
    private mutating func encoded(_ arguments: [PickleValue]) throws -> PickleValue {
        guard let characters = text(arguments[0]), text(arguments[1]) == "latin1" else {
            throw refused("a call of _codecs.encode for other than bytes")
        }
        // A string can be encoded again and again at the cost of few bytes.
        encodedBytes += characters.utf8.count
        guard encodedBytes <= 2 * pickle.count else { throw invalid("has more bytes than it is long") }
        var bytes: [UInt8] = []
        for scalar in characters.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { throw invalid("has bytes beyond 255") }
            bytes.append(byte)
        }
        return makeBytes(bytes)
    }

    private mutating func tensor(_ arguments: [PickleValue], dtype: DType? = nil) throws -> PickleValue {
        guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            case .tuple(let shape) = arguments[2], case .tuple(let strides) = arguments[3]
        else { throw invalid("has a tensor without storage, place, shape or strides") }
        guard let dtype = dtype ?? objects.storages[Int(storage)].dtype else {
            throw invalid("has a tensor without a type of elements")
        }
        objects.tensors.append(
            StoredTensor(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides))
        return .tensor(Int32(objects.tensors.count - 1))
    }

    private func dtype(_ value: PickleValue) throws -> DType {
        guard case .global(.elementType(let number)) = value else {
            throw invalid("has a type of elements that is none")
        }
        let name = PickleGlobal.elementTypes[Int(number)]
        guard let dtype = DType(pyTorchName: name) else {
            throw PyTorchFileError(
                .unsupportedDType,
                "\(file) has tensors of the type torch.\(name), which tensors here do not have. Convert them before "
                    + "they are saved, for instance with `.float()`.")
        }
        return dtype
    }

    /// Throws where a tensor's elements are not as they lie in memory, but conjugated or negated.
    private func checkNoMetadata(_ metadata: PickleValue) throws {
        if case .none = metadata { return }
        if case .dictionary(let number) = metadata, objects.dictionaries[Int(number)].isEmpty { return }
        throw PyTorchFileError(
            .refusedObject,
            "\(file) has a tensor that is a conjugated or negated view. Save it as `tensor.resolve_conj().resolve_neg()`."
        )
    }
}
