import Files

/// Writes safetensors files: whole, or not at all.
///
/// The header lists the tensors in the order given. Their bytes are laid down by element size, largest first, and in
/// the order given among equals: with the header padded to a multiple of eight bytes, every tensor is aligned for its
/// elements. The same entries and metadata give the same file, byte for byte.
///
/// ```swift
/// try weights.withUnsafeBytes { bytes in
///     try SafetensorsWriter.write(
///         [.init(name: "weight", dtype: .f32, shape: [512, 784], bytes: bytes)],
///         metadata: ["format": "pt"], to: "model.safetensors")
/// }
/// ```
public enum SafetensorsWriter {
    /// A tensor to write, with its bytes borrowed.
    public struct Entry {
        /// The name, any but `__metadata__`, and only once in a file.
        public var name: String
        /// The type of the elements.
        public var dtype: SafetensorsDType
        /// The dimensions; empty for a scalar.
        public var shape: [Int]
        /// The elements, little-endian and with the last dimension contiguous; valid until the writing returns.
        public var bytes: UnsafeRawBufferPointer

        /// Creates an entry.
        public init(name: String, dtype: SafetensorsDType, shape: [Int], bytes: UnsafeRawBufferPointer) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// Writes a file, which appears under its name only when all of it is on the disk.
    ///
    /// A file of that name stays as it was until then, and for good if anything fails. A symbolic link of that name is
    /// replaced, not followed.
    ///
    /// - Parameters:
    ///   - entries: The tensors.
    ///   - metadata: Notes for `__metadata__`; left out where empty.
    ///   - path: Where to write; the folder has to exist.
    /// - Throws: ``SafetensorsError`` where entries contradict themselves or each other, or the system refuses.
    public static func write(_ entries: [Entry], metadata: [String: String] = [:], to path: String) throws {
        let layout = try SafetensorsLayout(entries, metadata: metadata, path: path)
        try withFileErrors(as: SafetensorsError.init(_:)) {
            try AtomicFile.write(to: path) { output in
                try withUnsafeBytes(of: UInt64(layout.header.count).littleEndian) { try output.append($0) }
                try layout.header.withUnsafeBytes { try output.append($0) }
                for index in layout.order { try output.append(entries[index].bytes) }
            }
        }
    }
}
