/// Reading of PNG images with 8 bits a channel that are not interlaced (ISO/IEC 15948).
///
/// Grey, colours and palettes are read; transparency is passed over, so that a pixel has the colour that is stored of it.
enum PNGImage {
    /// What every PNG file begins with.
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// Larger images are refused before anything is decompressed.
    static let greatestPixelCount = 1 << 26

    /// The image of a file's bytes.
    ///
    /// - Throws: ``ImageDefect``.
    static func decode(_ file: [UInt8]) throws -> StoredImage {
        var chunks = PNGChunks(file[...].dropFirst(signature.count))
        guard file.starts(with: signature), let first = try chunks.next(), first.type == "IHDR" else {
            throw ImageDefect(.damaged, "it does not begin as a PNG file does")
        }
        let header = try PNGHeader(first.content)
        var palette: ArraySlice<UInt8> = []
        var compressed: [UInt8] = []
        var isWhole = false
        while !isWhole, let chunk = try chunks.next() {
            switch chunk.type {
            case "PLTE": palette = chunk.content
            case "IDAT": compressed += chunk.content
            case "IEND": isWhole = true
            default:
                // A capital letter first: what does not know the chunk cannot show the image.
                guard chunk.type.first?.isUppercase == false else {
                    throw ImageDefect(
                        .unsupported, "it has a part \(chunk.type.debugDescription) that is not known here")
                }
            }
        }
        guard isWhole else { throw ImageDefect(.damaged, "it ends before its last part") }
        let count = header.height * (1 + header.width * header.samples)
        // Deflate makes at most 1032 bytes of one.
        guard compressed.count >= count / 1032 else {
            throw ImageDefect(
                .damaged, "\(compressed.count) compressed bytes cannot be an image of \(header.height)×\(header.width)")
        }
        var rows = try ZlibStream.decompress(compressed[...], count: count)
        try unfilter(&rows, header)
        return try image(rows, header, palette)
    }

    /// Undoes the prediction of each byte from those left of it and above (section 9).
    private static func unfilter(_ rows: inout [UInt8], _ header: PNGHeader) throws {
        let (length, step) = (header.width * header.samples, header.samples)
        for row in 0..<header.height {
            let start = row * (length + 1) + 1
            let filter = rows[start - 1]
            guard filter <= 4 else {
                throw ImageDefect(.damaged, "row \(row) has the filter \(filter), which there is not")
            }
            if filter == 0 { continue }
            for column in 0..<length {
                let left = column >= step ? Int(rows[start + column - step]) : 0
                let above = row > 0 ? Int(rows[start + column - length - 1]) : 0
                let corner = row > 0 && column >= step ? Int(rows[start + column - length - 1 - step]) : 0
                let predicted =
                    switch filter {
                    case 1: left
                    case 2: above
                    case 3: (left + above) / 2
                    default: paeth(left, above, corner)
                    }
                rows[start + column] &+= UInt8(predicted)
            }
        }
    }

    private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> Int {
        let estimate = left + above - corner
        let distances = (abs(estimate - left), abs(estimate - above), abs(estimate - corner))
        if distances.0 <= distances.1, distances.0 <= distances.2 { return left }
        return distances.1 <= distances.2 ? above : corner
    }

    /// The planes of the rows' pixels.
    private static func image(_ rows: [UInt8], _ header: PNGHeader, _ palette: ArraySlice<UInt8>) throws -> StoredImage
    {
        let (height, width) = (header.height, header.width)
        let channels = header.color.isGrey ? 1 : 3
        var pixels = [UInt8](repeating: 0, count: channels * height * width)
        for row in 0..<height {
            let start = row * (1 + width * header.samples) + 1
            for column in 0..<width {
                let place = row * width + column
                var source = (start + column * header.samples)
                if header.color == .palette {
                    source = palette.startIndex + 3 * Int(rows[source])
                    guard source + 3 <= palette.endIndex else {
                        throw ImageDefect(.damaged, "a pixel of row \(row) has a colour that its palette has not")
                    }
                    for channel in 0..<3 { pixels[channel * height * width + place] = palette[source + channel] }
                } else {
                    for channel in 0..<channels { pixels[channel * height * width + place] = rows[source + channel] }
                }
            }
        }
        return StoredImage(channels: channels, height: height, width: width, pixels: pixels)
    }
}

/// The first part of a PNG file.
private struct PNGHeader {
    enum Color: UInt8 {
        case grey = 0, colors = 2, palette = 3, greyAlpha = 4, colorsAlpha = 6

        var isGrey: Bool { self == .grey || self == .greyAlpha }
    }

    let width: Int
    let height: Int
    let color: Color
    /// Bytes of a pixel.
    let samples: Int

    init(_ content: ArraySlice<UInt8>) throws {
        let bytes = Array(content)
        guard bytes.count == 13 else {
            throw ImageDefect(.damaged, "its header has \(bytes.count) bytes instead of 13")
        }
        func number(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
        (width, height) = (number(0), number(4))
        guard let color = Color(rawValue: bytes[9]), bytes[10] == 0, bytes[11] == 0, bytes[12] <= 1 else {
            throw ImageDefect(.damaged, "its header names kinds of colour or compression that there are not")
        }
        guard bytes[8] == 8 else {
            throw ImageDefect(
                .unsupported, "it has \(bytes[8]) bits a channel, and 8 are read here. Save it with 8 bits a channel.")
        }
        guard bytes[12] == 0 else {
            throw ImageDefect(.unsupported, "it is interlaced, which is not read here. Save it without interlacing.")
        }
        guard width > 0, height > 0 else { throw ImageDefect(.damaged, "it has no pixel: \(height)×\(width)") }
        guard width <= PNGImage.greatestPixelCount, height <= PNGImage.greatestPixelCount,
            width * height <= PNGImage.greatestPixelCount
        else {
            throw ImageDefect(
                .tooLarge,
                "it is \(height)×\(width), and at most \(PNGImage.greatestPixelCount) pixels are read. Make it smaller."
            )
        }
        self.color = color
        samples =
            switch color {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .colors: 3
            case .colorsAlpha: 4
            }
    }
}

/// The parts of a PNG file, each checked against its checksum.
private struct PNGChunks {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next part; nil at the end.
    mutating func next() throws -> (type: String, content: ArraySlice<UInt8>)? {
        if rest.isEmpty { return nil }
        guard rest.count >= 12 else { throw ImageDefect(.damaged, "it ends within a part") }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
        let length = Int(number(rest.prefix(4)))
        guard length <= rest.count - 12 else {
            throw ImageDefect(.damaged, "a part of \(length) bytes is longer than what is left of the file")
        }
        let checked = rest.dropFirst(4).prefix(4 + length)
        guard PNGChecksum.of(checked) == number(rest.dropFirst(8 + length).prefix(4)) else {
            throw ImageDefect(.damaged, "the checksum of a part is wrong")
        }
        rest = rest.dropFirst(12 + length)
        return (String(decoding: checked.prefix(4), as: UTF8.self), checked.dropFirst(4))
    }
}

/// The cyclic redundancy check of PNG (ISO/IEC 15948, annex D).
private enum PNGChecksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        var value = UInt32(byte)
        for _ in 0..<8 {
            let isOdd = value & 1 == 1
            value >>= 1
            if isOdd { value ^= 0xEDB8_8320 }
        }
        return value
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var value = UInt32.max
        for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 255)] ^ (value >> 8) }
        return ~value
    }
}
