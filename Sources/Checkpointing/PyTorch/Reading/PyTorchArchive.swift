import Files

/// The archive that `torch.save` writes: `data.pkl` and the storages that it refers to, in one folder.
struct PyTorchArchive {
    /// The file's name, for messages.
    let file: String
    /// The bytes of the whole file.
    let size: Int

    private let bytes: UnsafeRawBufferPointer
    private let folder: Substring
    private let entries: [String: ZipEntry]
    private var verified: Set<String> = []

    /// Reads the directory and finds out whether the archive is one of PyTorch's.
    ///
    /// - Parameters:
    ///   - bytes: the whole file, which has to stay as it is.
    ///   - file: its name, for messages.
    /// - Throws: ``PyTorchFileError`` where it is of another kind, damaged, or of another byte order.
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        self.file = file
        self.bytes = bytes
        size = bytes.count
        if let refusal = FileStart.refusal(bytes.prefix(64), size: bytes.count, file: file) { throw refusal }
        let entries = try ZipDirectory(bytes, file: file).entries
        folder = entries.first?.name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        self.entries = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
        try checkKind()
        try checkCompression(entries)
        try checkByteOrder()
    }

    /// The bytes of a file in the archive's folder; nil where there is none.
    func size(of name: String) -> Int? { entries["\(folder)/\(name)"]?.data.count }

    /// A file in the archive's folder, after a look at its checksum.
    ///
    /// - Throws: ``PyTorchFileError`` where there is none, or its bytes are not those that were written.
    mutating func data(of name: String) throws -> UnsafeRawBufferPointer {
        guard let entry = entries["\(folder)/\(name)"] else {
            throw PyTorchFileError(
                .damagedArchive,
                "\(file) has no \(name.quotedForMessage), which its tensors need. It is damaged, or was packed by "
                    + "another program: fetch or write it again.")
        }
        let data = UnsafeRawBufferPointer(rebasing: bytes[entry.data])
        if verified.insert(name).inserted {
            var checksum = CRC32()
            checksum.update(data)
            guard checksum.value == entry.checksum else {
                throw PyTorchFileError(
                    .wrongChecksum,
                    "\(file): the checksum of \(name.quotedForMessage) (\(data.count) bytes) is not the one that was "
                        + "written. The file is damaged: fetch it again. If it was saved with "
                        + "`torch.serialization.set_crc32_options(False)`, save it without.")
            }
        }
        return data
    }

    private func checkKind() throws {
        if entries["\(folder)/constants.pkl"] != nil
            || entries.keys.contains(where: { $0.hasPrefix("\(folder)/code/") })
        {
            throw PyTorchFileError(
                .unsupportedFormat,
                "\(file) is a TorchScript archive, a program with its weights, which is not run here. Save the weights "
                    + "alone in Python: `torch.save(torch.jit.load(path).state_dict(), new_path)`.")
        }
        guard entries["\(folder)/data.pkl"] != nil else {
            throw PyTorchFileError(
                .unsupportedFormat,
                "\(file) is a ZIP archive, but not one that `torch.save` writes: it has no `data.pkl` in its first "
                    + "file's folder. Unpack it if the file is inside, or save the weights with "
                    + "`torch.save(model.state_dict(), path)`.")
        }
    }

    private func checkCompression(_ entries: [ZipEntry]) throws {
        guard let entry = entries.first(where: { $0.method != 0 }) else { return }
        throw PyTorchFileError(
            .unsupportedArchive,
            "\(file): \(entry.name.quotedForMessage) in the archive is compressed (method \(entry.method)); PyTorch stores "
                + "files as they are. The archive was packed again by another program: fetch the original file.")
    }

    private mutating func checkByteOrder() throws {
        // Files of PyTorch before 2.1 do not say; they come from little-endian machines.
        guard size(of: "byteorder") != nil else { return }
        let order = String(decoding: try data(of: "byteorder").prefix(16), as: UTF8.self)
        guard order == "little" else {
            throw PyTorchFileError(
                .unsupportedFormat,
                "\(file) has the byte order \(order.quotedForMessage); \"little\" is read here. Load and save it with "
                    + "PyTorch on a little-endian machine.")
        }
    }
}
