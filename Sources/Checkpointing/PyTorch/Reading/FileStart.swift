/// What a file is by its first bytes.
enum FileStart {
    /// A ZIP archive, as `torch.save` writes it.
    static let zip: [UInt8] = Array("PK\u{3}\u{4}".utf8)
    /// A pickled number that `torch.save` wrote in front of everything before PyTorch 1.6.
    static let legacy: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]

    private static let known: [(start: [UInt8], what: String)] = [
        ([0x1F, 0x8B], "its first bytes are gzip's: unpack it with `gunzip`"),
        (
            Array("version https://git-lfs".utf8),
            "it is a Git LFS pointer in place of the file: run `git lfs pull`"
        ),
        (Array("<!".utf8), "it is a web page, probably a server's error message: fetch the file itself"),
        (Array("<html".utf8), "it is a web page, probably a server's error message: fetch the file itself"),
        (
            [0x89, 0x48, 0x44, 0x46],
            "its first bytes are an HDF5 file's: save the weights with `torch.save(model.state_dict(), path)`"
        ),
    ]

    /// Whether a file begins as a Python pickle of protocols 2 to 5 that is no archive.
    static func isPickle(_ first: some Collection<UInt8>) -> Bool {
        guard first.first == 0x80, let version = first.dropFirst().first else { return false }
        return (2...5).contains(version)
    }

    /// Whether a file begins with a length and a JSON object, as safetensors do.
    static func isSafetensors(_ first: some Collection<UInt8>) -> Bool {
        first.dropFirst(SafetensorsFormat.prefixSize).first == UInt8(ascii: "{")
    }

    /// The error for a file that is none of those that ``PyTorchFile/load(from:)`` reads; nil for an archive.
    static func refusal(_ first: some Collection<UInt8>, size: Int, file: String) -> PyTorchFileError? {
        if first.starts(with: zip) { return nil }
        let all = "\(file) is not a file that `torch.save` writes: "
        if size == 0 {
            return PyTorchFileError(
                .truncated, "\(file) is empty: its download or copy did not finish. Fetch it again.")
        }
        if first.starts(with: legacy) {
            return PyTorchFileError(
                .unsupportedFormat,
                "\(file) is in the format that `torch.save` wrote before PyTorch 1.6, or writes with "
                    + "`_use_new_zipfile_serialization=False`. Convert it in Python: "
                    + "`torch.save(torch.load(path, map_location=\"cpu\", weights_only=True), new_path)`.")
        }
        if isSafetensors(first) {
            return PyTorchFileError(
                .unsupportedFormat,
                "\(all)it looks like safetensors. Load it with `Weights.load` or `Safetensors.load`.")
        }
        if isPickle(first) {
            return PyTorchFileError(
                .unsupportedFormat,
                "\(all)it is a plain Python pickle. Save its tensors with `torch.save(model.state_dict(), path)`.")
        }
        let guess = known.first { first.starts(with: $0.start) }?.what
        return PyTorchFileError(
            .unsupportedFormat,
            "\(all)\(guess ?? "it does not begin as a ZIP archive does; check the name, or fetch it again").")
    }
}
