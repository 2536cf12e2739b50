/// The header of a safetensors file, read and wholly checked.
///
/// Accepted is what the format's description allows, and no more:
/// - the header begins with `{` at its first byte and may end with white space;
/// - no key occurs twice, a tensor has `dtype`, `shape` and `data_offsets` and nothing else;
/// - `__metadata__`, which may stand anywhere, is an object of strings;
/// - a tensor's byte range has the length that its shape and element type ask for, and
/// - the ranges cover the file's data from the first byte to the last, without hole or overlap, in whatever order
///   the header lists them.
struct SafetensorsHeader {
    private(set) var entries: [SafetensorsEntry] = []
    private(set) var metadata: [String: String] = [:]
    private(set) var indices: [ExactName: Int] = [:]

    private let file: String
    private let dataStart: Int
    private let dataSize: Int
    private var hasMetadata = false

    /// Reads and checks a header.
    ///
    /// - Parameters:
    ///   - bytes: The header alone, without the eight bytes in front of it.
    ///   - fileSize: The bytes of the whole file.
    ///   - file: The file's name, for messages.
    /// - Throws: ``SafetensorsError`` for the first thing that is wrong.
    init(_ bytes: UnsafeBufferPointer<UInt8>, fileSize: Int, file: String) throws {
        self.file = file
        self.dataStart = SafetensorsFormat.prefixSize + bytes.count
        self.dataSize = fileSize - dataStart
        try Self.checkEncoding(bytes, file: file)
        var scanner = HeaderScanner(bytes, file: file)
        try read(&scanner, startsWithBrace: bytes.first == UInt8(ascii: "{"))
        try checkCoverage()
    }

    private static func checkEncoding(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws {
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw SafetensorsError(
                .headerNotUTF8,
                "\(file): the safetensors header is not UTF-8: \(error.kind) at byte \(error.byteOffsets.lowerBound) "
                    + "of the header. The file is damaged; fetch or write it again.",
                cause: error)
        }
    }

    // MARK: Reading

    private mutating func read(_ scanner: inout HeaderScanner, startsWithBrace: Bool) throws {
        guard startsWithBrace else { throw scanner.unexpected("'{' as the first byte") }
        try scanner.expect("{", "as the first byte")
        if !scanner.take("}") {
            repeat {
                let name = try scanner.string("a tensor's name in quotation marks")
                try scanner.expect(":", "after the name \(name.quotedForMessage)")
                if name == SafetensorsFormat.metadataKey {
                    try readMetadata(&scanner)
                } else {
                    try readTensor(name, &scanner)
                }
            } while scanner.take(",")
            try scanner.expect("}", "or ',' after an entry")
        }
        try scanner.expectEnd()
    }

    private mutating func readMetadata(_ scanner: inout HeaderScanner) throws {
        if hasMetadata { throw duplicate(SafetensorsFormat.metadataKey, of: "the header") }
        hasMetadata = true
        guard scanner.take("{") else { throw invalidMetadata(scanner) }
        if scanner.take("}") { return }
        repeat {
            let key = try scanner.string("a metadata key in quotation marks")
            try scanner.expect(":", "after the metadata key \(key.quotedForMessage)")
            guard scanner.sees("\"") else { throw invalidMetadata(scanner, key: key) }
            let value = try scanner.string("a string")
            guard metadata.updateValue(value, forKey: key) == nil else { throw duplicate(key, of: "__metadata__") }
        } while scanner.take(",")
        try scanner.expect("}", "or ',' in __metadata__")
    }

    private mutating func readTensor(_ name: String, _ scanner: inout HeaderScanner) throws {
        if indices[ExactName(text: name)] != nil { throw duplicate(name, of: "the header") }
        var fields = TensorFields(name: name, file: file)
        try fields.read(&scanner)
        let entry = try fields.entry(dataStart: dataStart, dataSize: dataSize)
        indices[ExactName(text: name)] = entries.count
        entries.append(entry)
    }

    // MARK: Checking

    /// Checks that the ranges tile the data; each of them is already known to lie inside it.
    private func checkCoverage() throws {
        let order = entries.indices.sorted {
            let (left, right) = (entries[$0].byteRange, entries[$1].byteRange)
            return (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
        }
        var end = dataStart
        var previous: String?
        for entry in order.lazy.map({ entries[$0] }) {
            let start = entry.byteRange.lowerBound
            if start < end {
                throw SafetensorsError(
                    .invalidOffsets,
                    "\(file): the bytes of tensor \(entry.name.quotedForMessage) start at \(start - dataStart) of the "
                        + "data, inside those of \((previous ?? "").quotedForMessage), which end at \(end - dataStart). "
                        + "The header is damaged or forged; fetch or write the file again.",
                    tensor: entry.name)
            }
            if start > end { throw uncovered(end..<start, before: entry.name) }
            end = entry.byteRange.upperBound
            previous = entry.name
        }
        if end < dataStart + dataSize { throw uncovered(end..<dataStart + dataSize, before: nil) }
    }

    private func uncovered(_ range: Range<Int>, before tensor: String?) -> SafetensorsError {
        let place = tensor.map { "before tensor \($0.quotedForMessage)" } ?? "after the last tensor"
        return SafetensorsError(
            .uncoveredBytes,
            "\(file): \(range.count) bytes \(place) belong to no tensor (bytes \(range.lowerBound - dataStart) to "
                + "\(range.upperBound - dataStart) of the data). The format allows no gaps: the file has been added to, "
                + "or its header is damaged; fetch or write it again.",
            tensor: tensor)
    }

    private func duplicate(_ key: String, of place: String) -> SafetensorsError {
        SafetensorsError(
            .duplicateKey,
            "\(file): the key \(key.quotedForMessage) occurs twice in \(place), so it is undecided which one counts. "
                + "The file was written by a faulty program; write it again.",
            tensor: key)
    }

    private func invalidMetadata(_ scanner: HeaderScanner, key: String? = nil) -> SafetensorsError {
        let what = key.map { "the value of \($0.quotedForMessage) in __metadata__" } ?? "__metadata__"
        let expected = key == nil ? "an object of strings" : "a string"
        return SafetensorsError(
            .invalidMetadata,
            "\(file): \(what) has to be \(expected), and is not (byte \(scanner.position) of the header). "
                + "Turn metadata into strings before they are saved.")
    }
}
