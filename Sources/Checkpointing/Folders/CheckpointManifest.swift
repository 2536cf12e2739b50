import Crypto

/// What a checkpoint consists of; written last, so that a folder with a manifest is whole.
///
/// It is JSON whose last member is the checksum of all bytes before it, in every version of the format.
struct CheckpointManifest: Sendable, Hashable {
    /// The version that is written, and the only one that is read.
    static let version = 1

    /// The most bytes that are read of a manifest.
    static let longest = 1 << 28

    /// Where a tensor's bytes are in its file, and their checksum: it tells which tensor a damage has met.
    struct TensorChecksum: Sendable, Hashable {
        let name: String
        let range: Range<Int>
        let crc32: UInt32
    }

    /// A file beside the manifest.
    struct File: Sendable, Hashable {
        let name: String
        let size: Int
        let sha256: String
        var tensors: [TensorChecksum] = []

        /// The name of the part that the file holds, where it holds one.
        var part: String? {
            let suffix = CheckpointNames.tensorsExtension
            return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
        }
    }

    let step: Int
    let metrics: [String: Double]
    let files: [File]

    // MARK: Writing

    /// The manifest as it is written.
    var text: String {
        let value = CheckpointValue.object([
            "version": .integer(Self.version), "step": .integer(step),
            "metrics": .object(metrics.mapValues(CheckpointValue.number)),
            "files": .list(files.map(\.value)),
        ])
        let body = value.json.dropLast("\n}".count)
        return body + Self.ending(Array(body.utf8))
    }

    /// What stands behind `body`.
    static func ending(_ body: some Collection<UInt8>) -> String {
        ",\n  \"sha256\": \"\(SHA256.hash(data: Array(body)).hexadecimal)\"\n}\n"
    }

    // MARK: Reading

    /// Reads a manifest and checks all of it.
    ///
    /// - Parameter file: What to call it in messages.
    /// - Throws: ``CheckpointError`` with `damaged`, `unknownVersion` or `invalidName`.
    init(_ bytes: [UInt8], file: String) throws {
        let body = bytes.dropLast(Self.ending([]).utf8.count)
        guard Self.ending(body).utf8.elementsEqual(bytes[body.endIndex...]) else {
            throw CheckpointError(
                .damaged,
                "\(file) is damaged or was edited: its own checksum does not fit. Use an earlier checkpoint.",
                file: file)
        }
        let value = try CheckpointValue(json: bytes, file: file)
        guard let version = value["version"]?.integerValue, version == Self.version else {
            let found = value["version"]?.integerValue.map { "version \($0)" } ?? "no known version"
            throw CheckpointError(
                .unknownVersion,
                "\(file) is of \(found) of the format; this program reads version \(Self.version). Use the program "
                    + "that wrote the checkpoint, or a newer one.", file: file)
        }
        guard let step = value["step"]?.integerValue, step >= 0, let metrics = value["metrics"]?.objectValue,
            let files = value["files"]?.listValue
        else { throw Self.incomplete(file) }
        self.step = step
        self.metrics = metrics.compactMapValues(\.doubleValue)
        self.files = try files.map { value in
            guard let entry = File(value) else { throw Self.incomplete(file) }
            return entry
        }
        try checkNames(file)
    }

    init(step: Int, metrics: [String: Double], files: [File]) {
        self.step = step
        self.metrics = metrics
        self.files = files
    }

    private static func incomplete(_ file: String) -> CheckpointError {
        CheckpointError(
            .damaged,
            "\(file) lacks what a manifest has to have, or has it in another form. It was not written by this "
                + "program: use another checkpoint.", file: file)
    }

    private func checkNames(_ file: String) throws {
        var seen: Set<String> = [CheckpointNames.manifest]
        for name in files.map(\.name) {
            guard CheckpointNames.isValid(name), seen.insert(name).inserted else {
                throw CheckpointError(
                    .invalidName,
                    "\(file) lists the file \(name.quotedForMessage), whose name leads out of the folder or is taken. "
                        + "Nothing was read: the checkpoint is forged or was written by a faulty program.", file: file)
            }
        }
    }
}

extension CheckpointManifest.File {
    fileprivate var value: CheckpointValue {
        var value: [String: CheckpointValue] = [
            "name": .text(name), "size": .integer(size), "sha256": .text(sha256),
        ]
        if part != nil {
            value["tensors"] = .list(
                tensors.map { tensor in
                    .list([
                        .text(tensor.name), .integer(tensor.range.lowerBound), .integer(tensor.range.upperBound),
                        .integer(Int(tensor.crc32)),
                    ])
                })
        }
        return .object(value)
    }

    fileprivate init?(_ value: CheckpointValue) {
        guard let name = value["name"]?.textValue, let size = value["size"]?.integerValue, size >= 0,
            let sha256 = value["sha256"]?.textValue
        else { return nil }
        var tensors: [CheckpointManifest.TensorChecksum] = []
        for tensor in value["tensors"]?.listValue ?? [] {
            guard let fields = tensor.listValue, fields.count == 4, let name = fields[0].textValue,
                let start = fields[1].integerValue, let end = fields[2].integerValue, start >= 0, start <= end,
                end <= size, let checksum = fields[3].integerValue.flatMap({ UInt32(exactly: $0) })
            else { return nil }
            tensors.append(.init(name: name, range: start..<end, crc32: checksum))
        }
        self.init(name: name, size: size, sha256: sha256, tensors: tensors)
    }
}
