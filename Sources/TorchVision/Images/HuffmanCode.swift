/// A canonical prefix code of Deflate (RFC 1951, section 3.2.2), read bit by bit.
struct HuffmanCode {
    /// How many codes there are of each length from 0 to 15.
    private var counts = [Int](repeating: 0, count: 16)
    /// The symbols in the order of their codes.
    private var symbols: [UInt16]

    /// The code whose symbol `i` has `lengths[i]` bits, 0 for none; nil where no prefix code has these lengths.
    ///
    /// - Parameters:
    ///   - lengths: from 0 to 15.
    ///   - mayBeIncomplete: whether a single code, or none, is enough, as for distances.
    init?(_ lengths: some Collection<UInt8>, mayBeIncomplete: Bool = false) {
        symbols = []
        for length in lengths { counts[Int(length)] += 1 }
        let used = lengths.count - counts[0]
        counts[0] = 0
        var free = 1
        for length in 1...15 {
            free = 2 * free - counts[length]
            guard free >= 0 else { return nil }
        }
        guard free == 0 || (mayBeIncomplete && used <= 1) else { return nil }
        var starts = [Int](repeating: 0, count: 16)
        for length in 1..<15 { starts[length + 1] = starts[length] + counts[length] }
        symbols = [UInt16](repeating: 0, count: used)
        for (symbol, length) in lengths.enumerated() where length != 0 {
            symbols[starts[Int(length)]] = UInt16(symbol)
            starts[Int(length)] += 1
        }
    }

    /// The next symbol.
    ///
    /// - Throws: ``ImageDefect`` where the bits end or are no code.
    func symbol(from bits: inout DeflateBits) throws -> Int {
        var (code, first, index) = (0, 0, 0)
        for length in 1...15 {
            code |= try bits.take(1)
            let count = counts[length]
            if code - first < count { return Int(symbols[index + code - first]) }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        throw ImageDefect(.damaged, "the compressed data have a code that stands for nothing")
    }
}

/// The bits of a compressed stream, the lowest of each byte first.
struct DeflateBits {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int
    private var buffer: UInt32 = 0
    private var count = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next bits as a number.
    ///
    /// - Parameter wanted: at most 16.
    /// - Throws: ``ImageDefect`` at the end.
    mutating func take(_ wanted: Int) throws -> Int {
        while count < wanted {
            buffer |= UInt32(try nextByte()) << UInt32(count)
            count += 8
        }
        let value = buffer & (1 << UInt32(wanted) - 1)
        buffer >>= UInt32(wanted)
        count -= wanted
        return Int(value)
    }

    /// Leaves out what is left of a byte that was begun; at most 7 bits are ever held.
    mutating func skipToByte() {
        buffer = 0
        count = 0
    }

    /// The next bytes; the bits must be at the start of one.
    mutating func bytes(_ wanted: Int) throws -> ArraySlice<UInt8> {
        guard wanted <= bytes.endIndex - position else { throw Self.end }
        defer { position += wanted }
        return bytes[position..<position + wanted]
    }

    private mutating func nextByte() throws -> UInt8 {
        guard position < bytes.endIndex else { throw Self.end }
        defer { position += 1 }
        return bytes[position]
    }

    private static var end: ImageDefect { ImageDefect(.damaged, "the compressed data end too early") }
}
