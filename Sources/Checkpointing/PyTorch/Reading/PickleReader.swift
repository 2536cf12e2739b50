/// Reads a Python pickle of tensors and plain values, without running anything of it.
///
/// Known are the instructions that Python's pickler writes for them in protocols 2 to 5. The classes and functions that
/// a pickle may name are those of ``PickleGlobal``; the first other one is an error. There is no recursion, and what is
/// kept grows with the bytes that were read, up to ``mostValues``.
struct PickleReader {
    /// The most values that a pickle may put on its stack, all in all: some 50,000 tensors take as many.
    static let mostValues = 1 << 20

    let pickle: [UInt8]
    let file: String
    var objects = PickleObjects()
    /// The bytes that were made of strings so far.
    var encodedBytes = 0
    /// The bytes of a file of the archive; nil where there is none.
    let recordSize: (String) -> Int?

    private var position = 0
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    private var pushed = 0

    /// Prepares to read.
    ///
    /// - Parameters:
    ///   - pickle: `data.pkl`.
    ///   - file: the name of the whole file, for messages.
    ///   - recordSize: gives the bytes of a file of the archive, or nil where there is none.
    init(_ pickle: [UInt8], file: String, recordSize: @escaping (String) -> Int?) {
        self.pickle = pickle
        self.file = file
        self.recordSize = recordSize
    }

    /// Reads the whole pickle.
    ///
    /// - Returns: the value that it holds; containers and tensors are in ``objects`` then.
    /// - Throws: ``PyTorchFileError`` for the first thing that is wrong or not allowed.
    mutating func read() throws -> PickleValue {
        guard pickle.count <= Int(UInt32.max) else { throw limit("has more than 4 GiB of `data.pkl`") }
        while true {
            let instruction = try byte()
            if instruction == UInt8(ascii: ".") { break }
            try perform(instruction)
        }
        guard position == pickle.count, stack.count == 1, marks.isEmpty else {
            throw invalid("does not end with one value")
        }
        return stack[0]
    }

    private mutating func perform(_ instruction: UInt8) throws {
        switch Unicode.Scalar(instruction) {
        case "\u{80}": try checkProtocol(byte())
        case "\u{95}": _ = try take(8)
        case "(":
            guard marks.count < Self.mostValues else { throw limit("has too many marks") }
            marks.append(stack.count)
        case "N": try push(.none)
        case "\u{88}": try push(.bool(true))
        case "\u{89}": try push(.bool(false))
        case "K": try push(.integer(Int(byte())))
        case "M": try push(.integer(Int(number(UInt16.self))))
        case "J": try push(.integer(Int(number(Int32.self))))
        case "\u{8A}": try push(.integer(longInteger()))
        case "G": try push(.real(Double(bitPattern: number(UInt64.self).byteSwapped)))
        case "X": try pushText(Int(number(UInt32.self)))
        case "\u{8C}": try pushText(Int(byte()))
        case "\u{8D}": try pushText(length(number(UInt64.self)))
        case "C": try pushBytes(Int(byte()))
        case "B": try pushBytes(Int(number(UInt32.self)))
        case "\u{8E}", "\u{96}": try pushBytes(length(number(UInt64.self)))
        case "h": try get(UInt32(byte()))
        case "j": try get(number(UInt32.self))
        case "q": try put(UInt32(byte()))
        case "r": try put(number(UInt32.self))
        case "\u{94}": try put(UInt32(memo.count))
        case "c": try pushGlobal(line(), line())
        case "\u{93}":
            let name = try popText()
            try pushGlobal(popText(), name)
        default: try performOnContainers(instruction)
        }
    }

    private mutating func performOnContainers(_ instruction: UInt8) throws {
        switch Unicode.Scalar(instruction) {
        case "]": try pushList()
        case "}": try pushDictionary()
        case ")": try pushTuple([])
        case "\u{85}": try pushTuple(pop(1))
        case "\u{86}": try pushTuple(pop(2))
        case "\u{87}": try pushTuple(pop(3))
        case "t": try pushTuple(popToMark())
        case "a": try append(pop(1))
        case "e": try append(popToMark())
        case "s": try setItems(pop(2))
        case "u": try setItems(popToMark())
        case "R":
            let arguments = try pop(2)
            try push(call(arguments[0], arguments[1]))
        case "Q": try push(storage(pop(1)[0]))
        case "b":
            // The attributes of a dictionary, such as the versions of modules in `_metadata`.
            _ = try pop(1)
            guard case .dictionary? = stack.last else {
                throw refused("attributes of \(stack.last?.kind ?? "nothing")")
            }
        default:
            let digits = String(instruction, radix: 16)
            throw PyTorchFileError(
                .refusedObject,
                "\(file): the pickle in it has the instruction 0x\(instruction < 16 ? "0" : "")\(digits) at byte "
                    + "\(position - 1), which tensors and plain values do not need. \(Self.wayOut)")
        }
    }

    // MARK: The stack

    private mutating func push(_ value: PickleValue) throws {
        pushed += 1
        guard pushed <= Self.mostValues else {
            throw limit("has more than \(Self.mostValues) values")
        }
        stack.append(value)
    }

    private mutating func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw invalid("takes more from its stack than is there") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws -> [PickleValue] {
        guard let mark = marks.popLast() else { throw invalid("lacks a mark") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func popText() throws -> String {
        guard let text = text(try pop(1)[0]) else { throw invalid("names a global by something that is no string") }
        return text
    }

    private mutating func put(_ place: UInt32) throws {
        guard let value = stack.last else { throw invalid("remembers a value where there is none") }
        memo[place] = value
    }

    private mutating func get(_ place: UInt32) throws {
        guard let value = memo[place] else {
            throw invalid("refers to the value \(place), which it has not remembered")
        }
        try push(value)
    }

    // MARK: Values

    private mutating func pushText(_ count: Int) throws {
        let range = try take(count)
        let isValid = pickle.withUnsafeBufferPointer { bytes in
            (try? UTF8Span(validating: UnsafeBufferPointer(rebasing: bytes[range]).span)) != nil
        }
        guard isValid else { throw invalid("has a string that is not UTF-8") }
        try push(.text(start: UInt32(range.lowerBound), count: UInt32(count)))
    }

    private mutating func pushBytes(_ count: Int) throws {
        try push(makeBytes(Array(pickle[take(count)])))
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws {
        if let global = PickleGlobal(module: module, name: name) { return try push(.global(global)) }
        if module == "torch", name.hasSuffix("Storage") {
            throw PyTorchFileError(
                .unsupportedDType,
                "\(file) has tensors of the type that torch.\(name.prefix(60)) stands for, which tensors here do not "
                    + "have. Convert them before they are saved, for instance with `.float()`.")
        }
        throw refused("`\(String(module.prefix(80))).\(String(name.prefix(80)))`")
    }

    private mutating func pushList() throws {
        try push(.list(Int32(objects.lists.count)))
        objects.lists.append([])
    }

    private mutating func pushDictionary() throws {
        try push(makeDictionary())
    }

    private mutating func pushTuple(_ values: [PickleValue]) throws {
        try push(makeTuple(values))
    }

    private mutating func append(_ values: [PickleValue]) throws {
        guard case .list(let list)? = stack.last else { throw invalid("appends to something that is no list") }
        objects.lists[Int(list)] += values
    }

    private mutating func setItems(_ values: [PickleValue]) throws {
        guard case .dictionary(let dictionary)? = stack.last, values.count.isMultiple(of: 2) else {
            throw invalid("sets items of something that is no dictionary")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            objects.dictionaries[Int(dictionary)].append((values[index], values[index + 1]))
        }
    }

    private mutating func longInteger() throws -> Int {
        let digits = try take(Int(byte()))
        guard digits.count <= 8 else {
            throw refused("an integer of \(digits.count) bytes, where 8 are read,")
        }
        let sign: UInt64 = (pickle[digits].last ?? 0) & 0x80 == 0 ? 0 : .max
        return Int(Int64(bitPattern: pickle[digits].reversed().reduce(sign) { $0 << 8 | UInt64($1) }))
    }

    // MARK: Bytes

    private mutating func byte() throws -> UInt8 { pickle[try take(1).lowerBound] }

    private mutating func number<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
        let range = try take(MemoryLayout<Integer>.size)
        return pickle.withUnsafeBytes {
            Integer(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: type))
        }
    }

    private func length(_ value: UInt64) throws -> Int {
        guard let length = Int(exactly: value) else { throw invalid("ends in the middle of a value") }
        return length
    }

    private mutating func take(_ count: Int) throws -> Range<Int> {
        guard count <= pickle.count - position else { throw invalid("ends in the middle of a value") }
        defer { position += count }
        return position..<position + count
    }

    private mutating func line() throws -> String {
        // A module or a name of this length is none that is allowed, and need not be looked for to the end.
        guard let end = pickle[position...].prefix(1000).firstIndex(of: UInt8(ascii: "\n")) else {
            throw invalid("has a global whose name does not end")
        }
        defer { position = end + 1 }
        return String(decoding: pickle[position..<end], as: UTF8.self)
    }

    private func checkProtocol(_ version: UInt8) throws {
        guard (2...5).contains(version) else { throw invalid("has the protocol \(version), not 2 to 5") }
    }

    // MARK: Failures

    static let wayOut =
        "Such files are not read, because loading them can run any code. Save the tensors alone in Python, with "
        + "`torch.save(model.state_dict(), path)` or as safetensors."

    func refused(_ what: String, fileID: StaticString = #fileID, line: UInt = #line) -> PyTorchFileError {
        PyTorchFileError(
            .refusedObject,
            "\(file) holds \(what), which is neither a tensor nor a plain container or value. \(Self.wayOut)",
            fileID: fileID, line: line)
    }

    func invalid(_ predicate: String, fileID: StaticString = #fileID, line: UInt = #line) -> PyTorchFileError {
        PyTorchFileError(
            .invalidPickle,
            "\(file): the pickle in it \(predicate) (byte \(position) of \(pickle.count)). "
                + "The file is damaged or forged; fetch or write it again.",
            fileID: fileID, line: line)
    }

    private func limit(_ predicate: String) -> PyTorchFileError {
        PyTorchFileError(
            .limitExceeded,
            "\(file): the pickle in it \(predicate), and is not read further. Save the tensors alone, with "
                + "`torch.save(model.state_dict(), path)`.")
    }
}

extension PickleReader {
    /// A string of the pickle; nil where the value is none.
    func text(_ value: PickleValue) -> String? {
        guard case .text(let start, let count) = value else { return nil }
        return String(decoding: pickle[Int(start)..<Int(start) + Int(count)], as: UTF8.self)
    }

    /// A new tuple.
    mutating func makeTuple(_ values: [PickleValue]) -> PickleValue {
        objects.tuples.append(values)
        return .tuple(Int32(objects.tuples.count - 1))
    }

    /// A new, empty dictionary.
    mutating func makeDictionary() -> PickleValue {
        objects.dictionaries.append([])
        return .dictionary(Int32(objects.dictionaries.count - 1))
    }

    /// New bytes.
    mutating func makeBytes(_ bytes: [UInt8]) -> PickleValue {
        objects.bytes.append(bytes)
        return .bytes(Int32(objects.bytes.count - 1))
    }
}
