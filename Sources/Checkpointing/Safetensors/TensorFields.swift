/// One tensor's fields, as they are gathered from the header and then checked against each other.
struct TensorFields {
    let name: String
    let file: String
    private var dtype: SafetensorsDType?
    private var shape: [Int]?
    private var offsets: Range<Int>?

    /// Starts with no field known.
    init(name: String, file: String) {
        self.name = name
        self.file = file
    }

    /// Reads the object that follows a tensor's name.
    mutating func read(_ scanner: inout HeaderScanner) throws {
        try scanner.expect("{", "after the name \(name.quotedForMessage)")
        if scanner.take("}") { return }
        repeat {
            let field = try scanner.string("a field's name in quotation marks")
            try scanner.expect(":", "after \(field.quotedForMessage)")
            switch field {
            case "dtype":
                try checkFirst(dtype == nil, field)
                dtype = try readDType(&scanner)
            case "shape":
                try checkFirst(shape == nil, field)
                shape = try readShape(&scanner)
            case "data_offsets":
                try checkFirst(offsets == nil, field)
                offsets = try readOffsets(&scanner)
            default:
                throw failure(
                    .unknownField,
                    "has the field \(field.quotedForMessage); the format knows dtype, shape and data_offsets. "
                        + "The file may be of a newer format: write it with an older version of its program.")
            }
        } while scanner.take(",")
        try scanner.expect("}", "or ',' in the entry of \(name.quotedForMessage)")
    }

    /// The entry, when every field is there and they agree.
    func entry(dataStart: Int, dataSize: Int) throws -> SafetensorsEntry {
        guard let dtype else { throw missing("dtype") }
        guard let shape else { throw missing("shape") }
        guard let offsets else { throw missing("data_offsets") }
        guard let expected = SafetensorsFormat.byteCount(of: shape, dtype) else {
            throw failure(
                .invalidShape, "has the shape \(shape), whose bytes as \(dtype) no 64-bit number can count. \(remedy)")
        }
        guard offsets.upperBound <= dataSize else {
            throw failure(
                .truncated,
                "ends at byte \(offsets.upperBound) of the data, but the file has only \(dataSize) bytes of data. "
                    + "The file is cut off: its download or copy did not finish, or the disk was full. Fetch it again.")
        }
        guard offsets.count == expected else {
            throw failure(
                .wrongSize,
                "of shape \(shape) and type \(dtype) takes \(expected) bytes, but data_offsets "
                    + "[\(offsets.lowerBound), \(offsets.upperBound)] hold \(offsets.count). \(remedy)")
        }
        let range = dataStart + offsets.lowerBound..<dataStart + offsets.upperBound
        return SafetensorsEntry(name: name, dtype: dtype, shape: shape, byteRange: range)
    }

    // MARK: The fields

    private func readDType(_ scanner: inout HeaderScanner) throws -> SafetensorsDType {
        let text = try scanner.string("an element type in quotation marks for \(name.quotedForMessage)")
        guard let dtype = SafetensorsDType(rawValue: text) else {
            let known = SafetensorsDType.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure(
                .unknownDType,
                "has the element type \(text.quotedForMessage), which is not known here (known: \(known)). "
                    + "Convert the tensor before it is saved.")
        }
        return dtype
    }

    private func readShape(_ scanner: inout HeaderScanner) throws -> [Int] {
        try scanner.expect("[", "to open the shape of \(name.quotedForMessage)")
        var shape: [Int] = []
        if scanner.take("]") { return shape }
        repeat {
            guard shape.count < SafetensorsFormat.mostDimensions else {
                throw failure(
                    .invalidShape, "has more than \(SafetensorsFormat.mostDimensions) dimensions. \(remedy)")
            }
            guard let dimension = try scanner.count("a dimension of \(name.quotedForMessage)") else {
                throw failure(
                    .invalidShape,
                    "has a dimension at position \(shape.count) that is negative or above \(Int.max). \(remedy)")
            }
            shape.append(dimension)
        } while scanner.take(",")
        try scanner.expect("]", "or ',' in the shape of \(name.quotedForMessage)")
        return shape
    }

    private func readOffsets(_ scanner: inout HeaderScanner) throws -> Range<Int> {
        try scanner.expect("[", "to open the data_offsets of \(name.quotedForMessage)")
        let start = try scanner.count("the start of \(name.quotedForMessage)")
        try scanner.expect(",", "between the two data_offsets of \(name.quotedForMessage)")
        let end = try scanner.count("the end of \(name.quotedForMessage)")
        try scanner.expect("]", "after the second of the data_offsets of \(name.quotedForMessage)")
        guard let start, let end else {
            throw failure(.invalidOffsets, "has data_offsets that are negative or above \(Int.max). \(remedy)")
        }
        guard start <= end else {
            throw failure(.invalidOffsets, "has data_offsets [\(start), \(end)] that end before they start. \(remedy)")
        }
        return start..<end
    }

    // MARK: Failures

    private var remedy: String { "The header is damaged or forged; fetch or write the file again." }

    private func checkFirst(_ first: Bool, _ field: String) throws {
        guard !first else { return }
        throw failure(.duplicateKey, "has the field \(field.quotedForMessage) twice. \(remedy)")
    }

    private func missing(_ field: String) -> SafetensorsError {
        failure(.missingField, "has no \(field). \(remedy)")
    }

    private func failure(
        _ code: SafetensorsError.Code, _ predicate: String, fileID: StaticString = #fileID, line: UInt = #line
    ) -> SafetensorsError {
        SafetensorsError(
            code, "\(file): tensor \(name.quotedForMessage) \(predicate)", tensor: name, fileID: fileID, line: line)
    }
}
