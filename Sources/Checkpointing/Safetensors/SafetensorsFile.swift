import Files

/// A safetensors file, open for reading.
///
/// The file is mapped into memory, not read: opening takes as long as its header, and a tensor's bytes are fetched from
/// the disk when they are looked at. The whole header is checked before anything is given out
/// (see ``SafetensorsError/Code``), so every range of every entry lies inside the file and the file has no other bytes.
///
/// ```swift
/// let file = try SafetensorsFile("model.safetensors")
/// for entry in file.entries { print(entry.name, entry.dtype, entry.shape) }
/// let first = try file.withBytes(of: "layers.0.bias") { $0.loadUnaligned(as: Float.self) }
/// ```
///
/// White space before the header's `{` is refused, as the format's description asks, although some readers allow it.
/// Replacing the file by renaming is safe while it is open; cutting it off is noticed before bytes are given out, but
/// ends the process if it happens while they are being read.
public final class SafetensorsFile: Sendable {
    private enum Storage: Sendable {
        case mapped(MappedFile)
        case memory([UInt8])
    }

    /// The name under which the file was opened.
    public let path: String

    /// The tensors, in the order in which the header lists them.
    public let entries: [SafetensorsEntry]

    /// The file's own notes, empty where it has none.
    public let metadata: [String: String]

    private let indices: [ExactName: Int]
    private let storage: Storage

    /// Opens a file and checks its whole header.
    ///
    /// - Throws: ``SafetensorsError`` where the file cannot be read, or is not a safetensors file as it should be.
    public init(_ path: String) throws {
        let (file, header) = try withFileErrors(as: SafetensorsError.init(_:)) {
            let file = try MappedFile(path)
            let length = try SafetensorsPrefix.headerLength(
                of: file.copy(min(SafetensorsFormat.prefixSize, file.size), at: 0), fileSize: file.size, file: path)
            // The header is checked in a copy: another process could change the mapped bytes between check and use.
            let header = try file.copy(length, at: SafetensorsFormat.prefixSize).withUnsafeBufferPointer {
                try SafetensorsHeader($0, fileSize: file.size, file: path)
            }
            return (file, header)
        }
        self.path = path
        self.entries = header.entries
        self.metadata = header.metadata
        self.indices = header.indices
        self.storage = .mapped(file)
    }

    /// Takes the bytes of a file that is already in memory.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - name: What to call it in messages.
    /// - Throws: ``SafetensorsError`` where the bytes are not a safetensors file as it should be.
    public init(bytes: [UInt8], name: String = "safetensors data in memory") throws {
        let length = try SafetensorsPrefix.headerLength(
            of: Array(bytes.prefix(SafetensorsFormat.prefixSize)), fileSize: bytes.count, file: name)
        let header = try bytes.withUnsafeBufferPointer {
            let prefixSize = SafetensorsFormat.prefixSize
            let header = UnsafeBufferPointer(rebasing: $0[prefixSize..<prefixSize + length])
            return try SafetensorsHeader(header, fileSize: bytes.count, file: name)
        }
        self.path = name
        self.entries = header.entries
        self.metadata = header.metadata
        self.indices = header.indices
        self.storage = .memory(bytes)
    }

    /// The entry of a name, compared byte by byte, or nil where the file has none.
    public func entry(named name: String) -> SafetensorsEntry? {
        indices[ExactName(text: name)].map { entries[$0] }
    }

    /// Lends a tensor's bytes, little-endian and with the last dimension contiguous.
    ///
    /// The bytes are as aligned as the file made them: those of other writers may need `loadUnaligned`. They are valid
    /// only until `body` returns.
    ///
    /// - Throws: ``SafetensorsError`` where there is no such tensor, or the file was cut off since it was opened;
    ///   and what `body` throws.
    public func withBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        let entry = try existingEntry(named: name)
        switch storage {
        case .mapped(let file):
            return try withExtendedLifetime(file) {
                let bytes = try withFileErrors(as: SafetensorsError.init(_:)) { try file.checkedBytes() }
                return try body(UnsafeRawBufferPointer(rebasing: bytes[entry.byteRange]))
            }
        case .memory(let bytes):
            return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[entry.byteRange])) }
        }
    }

    /// The entry of a name; a name that the file does not have is an error.
    func existingEntry(named name: String) throws -> SafetensorsEntry {
        guard let entry = entry(named: name) else {
            throw SafetensorsError(
                .noSuchTensor,
                "\(path) has no tensor \(name.quotedForMessage); it has \(entries.count)\(shortListOfNames). "
                    + "Check the spelling, and whether the file belongs to this model.",
                tensor: name)
        }
        return entry
    }

    private var shortListOfNames: String {
        guard !entries.isEmpty else { return "" }
        let names = entries.prefix(5).map(\.name.quotedForMessage).joined(separator: ", ")
        return ": \(names)\(entries.count > 5 ? ", ..." : "")"
    }
}
