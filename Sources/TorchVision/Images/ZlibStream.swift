/// Decompression of zlib's format (RFC 1950) around Deflate (RFC 1951).
enum ZlibStream {
    /// Decompresses a stream that must give an exact number of bytes.
    ///
    /// Memory grows with what has been decompressed, and never beyond `count`.
    ///
    /// - Parameters:
    ///   - stream: the stream with its header and checksum; what follows them is passed over.
    ///   - count: the bytes that it must give.
    /// - Throws: ``ImageDefect`` for anything else.
    static func decompress(_ stream: ArraySlice<UInt8>, count: Int) throws -> [UInt8] {
        guard stream.count >= 6 else { throw ImageDefect(.damaged, "the compressed data end too early") }
        let header = stream.prefix(2).map { Int($0) }
        guard header[0] & 15 == 8, header[0] >> 4 <= 7, (header[0] << 8 | header[1]) % 31 == 0, header[1] & 32 == 0
        else {
            throw ImageDefect(.damaged, "the compressed data do not begin as zlib's")
        }
        var inflation = Inflation(DeflateBits(stream.dropFirst(2)), count: count)
        try inflation.run()
        let checksum = try inflation.bits.bytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard inflation.output.count == count else {
            throw ImageDefect(.damaged, "the compressed data give \(inflation.output.count) bytes instead of \(count)")
        }
        guard checksum == adler32(inflation.output) else {
            throw ImageDefect(.damaged, "the checksum of the compressed data is wrong")
        }
        return inflation.output
    }

    /// Adler's checksum (RFC 1950, section 8.2).
    static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        var start = 0
        while start < bytes.count {
            // As many as leave the sums below 2³².
            let end = min(start + 5552, bytes.count)
            for index in start..<end {
                low += UInt32(bytes[index])
                high += low
            }
            low %= 65521
            high %= 65521
            start = end
        }
        return high << 16 | low
    }
}

/// The blocks of a Deflate stream, in the course of being decompressed.
private struct Inflation {
    var bits: DeflateBits
    private(set) var output: [UInt8] = []
    private let count: Int

    init(_ bits: DeflateBits, count: Int) {
        self.bits = bits
        self.count = count
    }

    /// Decompresses up to the end of the last block.
    mutating func run() throws {
        var isLast = false
        while !isLast {
            isLast = try bits.take(1) == 1
            switch try bits.take(2) {
            case 0: try copyStored()
            case 1: try inflate(Self.fixed.literals, Self.fixed.distances)
            case 2:
                let codes = try readCodes()
                try inflate(codes.literals, codes.distances)
            default: throw ImageDefect(.damaged, "the compressed data have a block of a kind that there is not")
            }
        }
        bits.skipToByte()
    }

    private mutating func copyStored() throws {
        bits.skipToByte()
        let header = try bits.bytes(4).map { Int($0) }
        let length = header[0] | header[1] << 8
        guard length ^ 0xFFFF == header[2] | header[3] << 8 else {
            throw ImageDefect(.damaged, "the length of a stored block contradicts itself")
        }
        try requireRoom(length)
        output += try bits.bytes(length)
    }

    private mutating func inflate(_ literals: HuffmanCode, _ distances: HuffmanCode) throws {
        while true {
            let symbol = try literals.symbol(from: &bits)
            if symbol == 256 { return }
            if symbol < 256 {
                try requireRoom(1)
                output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < Self.lengths.count else {
                throw ImageDefect(.damaged, "the compressed data have a length that there is not")
            }
            let length = try Self.lengths[symbol - 257] + bits.take(Self.lengthBits[symbol - 257])
            let place = try distances.symbol(from: &bits)
            guard place < Self.distances.count else {
                throw ImageDefect(.damaged, "the compressed data have a distance that there is not")
            }
            let distance = try Self.distances[place] + bits.take(Self.distanceBits[place])
            guard distance <= output.count else {
                throw ImageDefect(.damaged, "the compressed data refer to what is before their start")
            }
            try requireRoom(length)
            // One by one, since what is copied may be among what it is copied to.
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    /// The codes at the start of a block that brings its own (RFC 1951, section 3.2.7).
    private mutating func readCodes() throws -> (literals: HuffmanCode, distances: HuffmanCode) {
        let literalCount = try bits.take(5) + 257
        let distanceCount = try bits.take(5) + 1
        let lengthCount = try bits.take(4) + 4
        var lengths = [UInt8](repeating: 0, count: 19)
        for place in Self.lengthOrder.prefix(lengthCount) { lengths[place] = UInt8(try bits.take(3)) }
        guard literalCount <= 286, distanceCount <= 30, let code = HuffmanCode(lengths) else { throw Self.noCode }
        var all: [UInt8] = []
        while all.count < literalCount + distanceCount {
            let symbol = try code.symbol(from: &bits)
            switch symbol {
            case 16:
                guard let last = all.last else { throw Self.noCode }
                all += Array(repeating: last, count: 3 + (try bits.take(2)))
            case 17: all += Array(repeating: 0, count: 3 + (try bits.take(3)))
            case 18: all += Array(repeating: 0, count: 11 + (try bits.take(7)))
            default: all.append(UInt8(symbol))
            }
        }
        guard all.count == literalCount + distanceCount, all[256] != 0,
            let literals = HuffmanCode(all[..<literalCount], mayBeIncomplete: true),
            let distances = HuffmanCode(all[literalCount...], mayBeIncomplete: true)
        else { throw Self.noCode }
        return (literals, distances)
    }

    private func requireRoom(_ length: Int) throws {
        guard length <= count - output.count else {
            throw ImageDefect(.damaged, "the compressed data give more than \(count) bytes")
        }
    }

    private static var noCode: ImageDefect { ImageDefect(.damaged, "the compressed data have a code that is none") }

    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]

    /// The codes of blocks that bring none (RFC 1951, section 3.2.6).
    private static let fixed: (literals: HuffmanCode, distances: HuffmanCode) = {
        let lengths = (0..<288).map { symbol -> UInt8 in
            symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8
        }
        guard let literals = HuffmanCode(lengths), let distances = HuffmanCode([UInt8](repeating: 5, count: 32)) else {
            preconditionFailure("the fixed codes of Deflate")
        }
        return (literals, distances)
    }()
}
