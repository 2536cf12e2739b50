/// Where each tensor of a file to be written goes, and the header that says so.
struct SafetensorsLayout {
    /// The header, padded with spaces so that the data behind it are aligned.
    let header: [UInt8]

    /// The entries' indices in the order of their bytes.
    let order: [Int]

    /// Checks the entries and lays them out.
    init(_ entries: [SafetensorsWriter.Entry], metadata: [String: String], path: String) throws {
        try Self.check(entries, path: path)
        order = entries.indices.sorted {
            (-entries[$0].dtype.size, $0) < (-entries[$1].dtype.size, $1)
        }
        var starts = [Int](repeating: 0, count: entries.count)
        var end = 0
        for index in order {
            starts[index] = end
            end += entries[index].bytes.count
        }
        let fields = Self.metadataField(metadata) + zip(entries, starts).map(Self.field)
        var text = Array("{\(fields.joined(separator: ","))}".utf8)
        while text.count % SafetensorsFormat.prefixSize != 0 { text.append(UInt8(ascii: " ")) }
        guard text.count <= SafetensorsFormat.longestHeader else {
            throw SafetensorsError(
                .headerTooLarge,
                "\(path) would need a header of \(text.count) bytes for \(entries.count) tensors; the format allows "
                    + "\(SafetensorsFormat.longestHeader). Split the tensors over several files, or shorten the metadata."
            )
        }
        header = text
    }

    private static func check(_ entries: [SafetensorsWriter.Entry], path: String) throws {
        var names: Set<ExactName> = []
        for entry in entries {
            func failure(_ code: SafetensorsError.Code, _ what: String) -> SafetensorsError {
                SafetensorsError(
                    code, "\(path) was not written: tensor \(entry.name.quotedForMessage) \(what)", tensor: entry.name)
            }
            guard entry.name != SafetensorsFormat.metadataKey else {
                throw failure(.invalidMetadata, "has the name that the format keeps for metadata. Rename it.")
            }
            guard names.insert(ExactName(text: entry.name)).inserted else {
                throw failure(.duplicateKey, "is given twice. Give each tensor a name of its own.")
            }
            guard entry.shape.allSatisfy({ $0 >= 0 }), entry.shape.count <= SafetensorsFormat.mostDimensions,
                let expected = SafetensorsFormat.byteCount(of: entry.shape, entry.dtype)
            else {
                throw failure(
                    .invalidShape,
                    "has the shape \(entry.shape): dimensions must not be negative, nor more than "
                        + "\(SafetensorsFormat.mostDimensions), and 64 bits have to hold the bytes.")
            }
            guard entry.bytes.count == expected else {
                throw failure(
                    .wrongSize,
                    "of shape \(entry.shape) and type \(entry.dtype) takes \(expected) bytes, but \(entry.bytes.count) "
                        + "were given. Make it contiguous, and check its element type.")
            }
        }
    }

    private static func metadataField(_ metadata: [String: String]) -> [String] {
        guard !metadata.isEmpty else { return [] }
        let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let pairs = sorted.map { "\($0.key.quotedForJSON):\($0.value.quotedForJSON)" }
        return ["\(SafetensorsFormat.metadataKey.quotedForJSON):{\(pairs.joined(separator: ","))}"]
    }

    private static func field(_ entry: SafetensorsWriter.Entry, start: Int) -> String {
        let shape = entry.shape.map(String.init).joined(separator: ",")
        return "\(entry.name.quotedForJSON):{\"dtype\":\"\(entry.dtype.rawValue)\",\"shape\":[\(shape)],"
            + "\"data_offsets\":[\(start),\(start + entry.bytes.count)]}"
    }
}

extension String {
    /// The text as a JSON string; what is not ASCII stays as it is.
    var quotedForJSON: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
