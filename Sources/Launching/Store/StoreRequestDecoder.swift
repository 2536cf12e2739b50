import NIOCore

/// Makes a client's requests of its bytes, which may come in any pieces.
///
/// A string is its length as a number of 64 bits, and its bytes; a list is its length, and its strings. Numbers have the
/// byte order of the machine. After an error the stream's position is lost.
struct StoreRequestDecoder {
    /// What every client says first; the number is c10d's.
    static let magicNumber: UInt32 = 0x3C85_F7CE

    private let sizeLimit: Int
    private let stringLimit: Int

    private var bytes = ByteBuffer()
    private var kind: StoreRequest.Kind?
    /// How many strings the request still lacks; nil before its count has come.
    private var missing: Int?
    private var strings: [[UInt8]] = []
    /// The bytes of the request so far.
    private var size = 0

    /// A decoder at the beginning of a stream.
    ///
    /// - Parameters:
    ///   - sizeLimit: the largest request that is read, in bytes.
    ///   - stringLimit: the most keys and values that a request may have.
    init(sizeLimit: Int = 1 << 30, stringLimit: Int = 1 << 20) {
        self.sizeLimit = sizeLimit
        self.stringLimit = stringLimit
    }

    /// Takes the next bytes of the stream.
    mutating func append(_ more: ByteBuffer) {
        if bytes.readableBytes == 0 {
            bytes = more
        } else {
            bytes.discardReadBytes()
            bytes.writeImmutableBuffer(more)
        }
    }

    /// The next whole request; nil when more bytes are needed.
    ///
    /// - Throws: ``StoreRefusal``.
    mutating func next() throws -> StoreRequest? {
        guard let kind = try begun() else { return nil }
        let layout = kind.layout
        guard let missing = try counted(layout), try readStrings(missing) else { return nil }
        var number: Int64 = 0
        if layout.number == 4 {
            guard let read = bytes.readInteger(endianness: .host, as: UInt32.self) else { return nil }
            number = Int64(read)
        } else if layout.number == 8 {
            guard let read = bytes.readInteger(endianness: .host, as: Int64.self) else { return nil }
            number = read
        }
        defer { (self.kind, self.missing, strings, size) = (nil, nil, [], 0) }
        if kind == .validate, number != Self.magicNumber {
            throw StoreRefusal(description: "it does not begin as a client of PyTorch's store does")
        }
        return Self.request(kind, strings, number)
    }

    private mutating func begun() throws -> StoreRequest.Kind? {
        if let kind { return kind }
        guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
        guard let kind = StoreRequest.Kind(rawValue: byte) else {
            throw StoreRefusal(description: "there is no request of kind \(byte)")
        }
        self.kind = kind
        return kind
    }

    /// How many strings are missing, once that is known.
    private mutating func counted(_ layout: StoreRequest.Kind.Layout) throws -> Int? {
        if let missing { return missing }
        guard layout.isCounted else {
            missing = layout.strings
            return missing
        }
        guard let count = bytes.readInteger(endianness: .host, as: UInt64.self) else { return nil }
        guard count <= UInt64(stringLimit / layout.strings) else {
            throw StoreRefusal(description: "it announces \(count) keys at once, more than \(stringLimit)")
        }
        missing = Int(count) * layout.strings
        return missing
    }

    /// Reads strings; false when more bytes are needed.
    private mutating func readStrings(_ count: Int) throws -> Bool {
        for left in stride(from: count, to: 0, by: -1) {
            missing = left
            guard let length = bytes.getInteger(at: bytes.readerIndex, endianness: .host, as: UInt64.self) else {
                return false
            }
            // Before anything is kept for it.
            guard length <= UInt64(sizeLimit - size) else {
                throw StoreRefusal(description: "it announces \(length) bytes, more than a request may have")
            }
            let width = MemoryLayout<UInt64>.size
            guard bytes.readableBytes >= width + Int(length) else { return false }
            bytes.moveReaderIndex(forwardBy: width)
            strings.append(bytes.readBytes(length: Int(length)) ?? [])
            size += Int(length)
        }
        missing = 0
        return true
    }

    /// The request of a kind; the strings are as many as its layout has.
    private static func request(_ kind: StoreRequest.Kind, _ strings: [[UInt8]], _ number: Int64) -> StoreRequest {
        switch kind {
        case .validate: .validate(UInt32(truncatingIfNeeded: number))
        case .set: .set(strings[0], strings[1])
        case .compareSet: .compareSet(strings[0], expected: strings[1], desired: strings[2])
        case .get: .get(strings[0])
        case .add: .add(strings[0], number)
        case .check: .check(strings)
        case .wait: .wait(strings)
        case .keyCount: .keyCount
        case .delete: .delete(strings[0])
        case .append: .append(strings[0], strings[1])
        case .multiGet: .multiGet(strings)
        case .multiSet:
            .multiSet(
                stride(from: 0, to: strings.count, by: 2).map { strings[$0] },
                stride(from: 1, to: strings.count, by: 2).map { strings[$0] })
        case .cancelWait: .cancelWait
        case .ping: .ping(UInt32(truncatingIfNeeded: number))
        case .queuePush: .queuePush(strings[0], strings[1])
        case .queuePop: .queuePop(strings[0])
        case .queueLength: .queueLength(strings[0])
        case .listKeys: .listKeys
        case .barrier: .barrier(strings[0], worldSize: number)
        }
    }
}
