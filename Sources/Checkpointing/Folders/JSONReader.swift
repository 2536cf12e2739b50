/// Reads one JSON value, from the front to the back and once.
struct JSONReader {
    private static let deepest = 100

    private let bytes: [UInt8]
    private let file: String
    private var position = 0

    /// Reads `bytes`, which messages call `file`.
    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// Reads the value, behind which there may be nothing but white space.
    mutating func whole() throws -> CheckpointValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw unexpected("UTF-8") }
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw unexpected("nothing more") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard take(character) else { throw unexpected("'\(character)'") }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws -> CheckpointValue {
        guard depth < Self.deepest else { throw unexpected("no value nested deeper than \(Self.deepest)") }
        skipSpace()
        switch next {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["):
            var values: [CheckpointValue] = []
            try expect("[")
            if take("]") { return .list(values) }
            repeat { values.append(try value(depth: depth + 1)) } while take(",")
            try expect("]")
            return .list(values)
        case UInt8(ascii: "t"): return try word("true", .flag(true))
        case UInt8(ascii: "f"): return try word("false", .flag(false))
        case UInt8(ascii: "n"): return try word("null", .none)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws -> CheckpointValue {
        var values: [String: CheckpointValue] = [:]
        try expect("{")
        if take("}") { return .object(values) }
        repeat {
            skipSpace()
            let name = try string()
            try expect(":")
            guard values.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
                throw unexpected("the name \(name.quotedForMessage) only once")
            }
        } while take(",")
        try expect("}")
        if values.count == 1, let special = values[CheckpointValue.specialNumberKey]?.textValue,
            let number = Double(special), !number.isFinite
        {
            return .number(number)
        }
        return .object(values)
    }

    private mutating func word(_ word: String, _ value: CheckpointValue) throws -> CheckpointValue {
        guard bytes[position...].starts(with: word.utf8) else { throw unexpected(word) }
        position += word.utf8.count
        return value
    }

    private mutating func number() throws -> CheckpointValue {
        let start = position
        while let byte = next, "+-0123456789.eE".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            position = start
            throw unexpected("a value")
        }
        return .number(number)
    }

    private mutating func string() throws -> String {
        guard next == UInt8(ascii: "\"") else { throw unexpected("'\"'") }
        let start = position
        position += 1
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw unexpected("no control character in a text") }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard next != nil else { throw unexpected("the end of the text that starts at byte \(start)") }
        position += 1
        // The scanner of the safetensors header knows the escapes.
        return try bytes[start..<position].withUnsafeBufferPointer { quoted in
            var scanner = HeaderScanner(quoted, file: file)
            do {
                return try scanner.string("a text")
            } catch {
                position = start
                throw unexpected("a text with valid escapes")
            }
        }
    }

    private func unexpected(
        _ expected: String, fileID: StaticString = #fileID, line: UInt = #line
    ) -> CheckpointError {
        CheckpointError(
            .damaged,
            "\(file) is not the JSON that it should be: expected \(expected) at byte \(position) of \(bytes.count). "
                + "It was changed by another program or is damaged: use an earlier checkpoint.",
            file: file, fileID: fileID, line: line)
    }
}
