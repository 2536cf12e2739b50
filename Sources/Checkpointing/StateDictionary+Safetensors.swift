import OrderedCollections
public import Torch

/// Tensors by name in safetensors files, which PyTorch's users and many tools read and write.
///
/// ```swift
/// try Safetensors.save(network.stateDictionary(), to: "model.safetensors")
/// try network.load(Safetensors.load(from: "model.safetensors").tensors)
/// ```
public enum Safetensors {
    /// What a file holds.
    public struct Contents {
        /// The tensors, in the order of the file's data.
        public let tensors: StateDictionary
        /// Free text by name.
        public let metadata: [String: String]
    }

    /// Writes tensors to a file, which has its name only once it is whole and on disk.
    ///
    /// - Throws: `SafetensorsError` when the file cannot be written; a file that was there before is untouched then.
    public static func save(_ state: StateDictionary, to path: String, metadata: [String: String] = [:]) throws {
        // Contiguous copies in memory, kept alive until the file is written.
        let tensors = state.mapValues { $0.detach().to(.cpu).contiguous() }
        let entries = tensors.map { name, tensor in
            SafetensorsWriter.Entry(
                name: name, dtype: tensor.dtype.safetensors, shape: tensor.shape,
                bytes: tensor.withUnsafeBytes { $0 })
        }
        try withExtendedLifetime(tensors) {
            try SafetensorsWriter.write(entries, metadata: metadata, to: path)
        }
    }

    /// Reads all tensors of a file.
    ///
    /// - Throws: `SafetensorsError` when the file cannot be read or is not whole and valid.
    public static func load(from path: String) throws -> Contents {
        let file = try SafetensorsFile(path)
        var tensors = StateDictionary()
        for entry in file.entries {
            // Names of other bytes may be the same text: `é` and `e` with an accent.
            guard tensors.updateValue(try file.tensor(named: entry.name), forKey: entry.name) == nil else {
                throw SafetensorsError(
                    .duplicateKey,
                    "\(path): two tensors are called \(entry.name.quotedForMessage), in different ways of writing the "
                        + "same characters. Rename one of them before they are saved.",
                    tensor: entry.name)
            }
        }
        return Contents(tensors: tensors, metadata: file.metadata)
    }
}

extension SafetensorsFile {
    /// A copy of one of the tensors.
    ///
    /// - Throws: ``SafetensorsError`` where there is no such tensor, where it has a type that tensors cannot have, or
    ///   where the file was cut off since it was opened.
    public func tensor(named name: String) throws -> Tensor {
        let entry = try existingEntry(named: name)
        guard let dtype = DType(entry.dtype) else {
            throw SafetensorsError(
                .unknownDType,
                "\(path): tensor `\(name)` has the type \(entry.dtype), which tensors here do not have; "
                    + "convert it to F32 or I64 before it is saved",
                tensor: name)
        }
        return try withBytes(of: name) { try Tensor(bytes: $0, shape: entry.shape, dtype: dtype) }
    }
}

extension DType {
    /// The type of tensors that a stored type stands for, where there is one.
    fileprivate init?(_ dtype: SafetensorsDType) {
        guard let match = DType.allCases.first(where: { $0.safetensors == dtype }) else { return nil }
        self = match
    }

    /// The type under which such elements are stored.
    var safetensors: SafetensorsDType {
        switch self {
        case .uint8: .u8
        case .int8: .i8
        case .int16: .i16
        case .int32: .i32
        case .int64: .i64
        case .float16: .f16
        case .bfloat16: .bf16
        case .float32: .f32
        case .float64: .f64
        case .bool: .bool
        }
    }
}
