import Foundation
import LockstepTesting
import Testing
import TorchVision

@Suite("Images from files", .serialized)
struct ImageFileTests {
    /// A Python with nothing but its standard library, for PNG files that something else has written.
    private static let python = ["/usr/bin/python3", "/usr/local/bin/python3", PyTorchPython.executable ?? ""]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Writes PNG files `0.png`, `1.png` … and beside each the planes that must come of it, as `0.raw`.
    private static let writer = """
        import random, struct, sys, zlib
        folder, seed = sys.argv[1], int(sys.argv[2])
        random.seed(seed)
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        def paeth(a, b, c):
            p = a + b - c
            pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
            return a if pa <= pb and pa <= pc else b if pb <= pc else c
        def filtered(rows, step, kinds):
            out, above = b"", bytes(len(rows[0]))
            for row in rows:
                kind = random.choice(kinds)
                line = []
                for i, x in enumerate(row):
                    a = row[i - step] if i >= step else 0
                    c = above[i - step] if i >= step else 0
                    b = above[i]
                    line.append((x - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255)
                out += bytes([kind]) + bytes(line)
                above = row
            return out
        number = 0
        for color, samples in ((0, 1), (2, 3), (3, 1), (4, 2), (6, 4)):
            for height, width in ((1, 1), (28, 28), (33, 17), (90, 121)):
                for level, strategy in ((0, 0), (1, 0), (9, 0), (6, zlib.Z_FIXED), (6, zlib.Z_HUFFMAN_ONLY), (6, zlib.Z_RLE)):
                    smooth = random.random() < 0.5
                    palette = bytes(random.randrange(256) for _ in range(3 * 200))
                    def sample(y, x):
                        if color == 3: return [random.randrange(200) if not smooth else (x + y) % 200]
                        return [(3 * x + 5 * y + 40 * s) & 255 if smooth else random.randrange(256) for s in range(samples)]
                    pixels = [[sample(y, x) for x in range(width)] for y in range(height)]
                    rows = [bytes(v for p in row for v in p) for row in pixels]
                    compressor = zlib.compressobj(level, zlib.DEFLATED, 15, 8, strategy)
                    data = compressor.compress(filtered(rows, samples, [0, 1, 2, 3, 4])) + compressor.flush()
                    cut = random.randrange(len(data))
                    file = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0))
                    file += chunk(b"tEXt", b"Comment\\0none")
                    if color == 3: file += chunk(b"PLTE", palette)
                    file += chunk(b"IDAT", data[:cut]) + chunk(b"IDAT", data[cut:]) + chunk(b"IEND", b"")
                    if color == 3: pixels = [[palette[3 * p[0]:3 * p[0] + 3] for p in row] for row in pixels]
                    planes = 1 if color in (0, 4) else 3
                    raw = bytes(p[c] for c in range(planes) for row in pixels for p in row)
                    open(f"{folder}/{number}.png", "wb").write(file)
                    open(f"{folder}/{number}.raw", "wb").write(struct.pack("<III", planes, height, width) + raw)
                    number += 1
        print(number)
        """

    private static func run(_ script: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test(
        "PNG files of zlib in all kinds of colour, filter and block have the pixels that were written",
        .enabled(if: python != nil, "there is no Python"), arguments: [1, 2])
    func pixels(seed: Int) throws {
        let folder = try TemporaryFolder()
        let count = try #require(Int(try Self.run(Self.writer, [folder.path, "\(seed)"])))
        #expect(count == 120)
        for number in 0..<count {
            let expected = try Self.bytes(folder.path("\(number).raw"))
            let entries = try ImageFile.load(from: folder.path("\(number).png"))
            let image = try #require(entries.first).image
            #expect(entries.map(\.name) == ["\(number).png"])
            #expect([image.channels, image.height, image.width] == [0, 4, 8].map { Int(expected[$0]) }, "\(number)")
            #expect(image.pixels == Array(expected[12...]), "\(number)")
        }
    }

    @Test(
        "no change of a PNG file crashes the reader: it reads an image or says what is wrong",
        .enabled(if: python != nil, "there is no Python"))
    func hostile() throws {
        let folder = try TemporaryFolder()
        _ = try Self.run(Self.writer, [folder.path, "3"])
        var random = RandomBytes(state: 7)
        var refused = 0
        let path = folder.path("changed.png")
        for number in [0, 6, 8, 31, 57, 60, 85, 104] {
            let original = try Self.bytes(folder.path("\(number).png"))
            for end in stride(from: 0, to: original.count, by: max(1, original.count / 20)) {
                try Self.write(Array(original[..<end]), path)
                #expect(throws: ImageFileError.self) { try ImageFile.load(from: path) }
            }
            for _ in 0..<60 {
                var bytes = original
                for _ in 0...Int.random(in: 0..<4, using: &random) {
                    bytes[Int.random(in: 8..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                // With right checksums, so that what is behind them is reached.
                if Bool.random(using: &random) { Self.mendChecksums(&bytes) }
                try Self.write(bytes, path)
                do { _ = try ImageFile.load(from: path) } catch is ImageFileError { refused += 1 }
            }
        }
        #expect(refused > 200)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private static func mendChecksums(_ bytes: inout [UInt8]) {
        var start = 8
        while start + 12 <= bytes.count {
            let length = number(bytes[start..<start + 4])
            guard length <= bytes.count - start - 12 else { return }
            var sum = UInt32.max
            for byte in bytes[(start + 4)..<(start + 8 + length)] {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = (sum >> 1) ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
            }
            for place in 0..<4 {
                bytes[start + 8 + length + place] = UInt8(truncatingIfNeeded: ~sum >> UInt32(24 - 8 * place))
            }
            start += 12 + length
        }
    }

    private static func png(
        width: Int, height: Int, depth: UInt8 = 8, color: UInt8 = 0, interlace: UInt8 = 0
    ) -> [UInt8] {
        func four(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        bytes +=
            four(13) + Array("IHDR".utf8) + four(width) + four(height) + [depth, color, 0, 0, interlace, 0, 0, 0, 0]
        bytes += four(2) + Array("IDAT".utf8) + [0x78, 0x9C, 0, 0, 0, 0] + four(0) + Array("IEND".utf8) + four(0)
        mendChecksums(&bytes)
        return bytes
    }

    @Test("what cannot be read is named with what is wrong and what to do")
    func refusals() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("image.png")
        let cases: [([UInt8], ImageFileError.Code, String)] = [
            (Array("JFIF and so on".utf8), .wrongKind, "no PNG and no IDX file"),
            ([], .wrongKind, "no PNG and no IDX file"),
            (Self.png(width: 4, height: 4, depth: 16), .unsupported, "16 bits a channel"),
            (Self.png(width: 4, height: 4, interlace: 1), .unsupported, "interlaced"),
            (Self.png(width: 1 << 20, height: 1 << 20), .tooLarge, "1048576×1048576"),
            (Self.png(width: 0, height: 4), .damaged, "no pixel"),
            // A small file may not ask for much memory.
            (Self.png(width: 8000, height: 8000), .damaged, "cannot be an image of 8000×8000"),
            (Self.png(width: 4, height: 4, color: 5), .damaged, "kinds of colour"),
            ([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3], .damaged, "image.png has 19 bytes"),
            ([0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2], .unsupported, "1×2×1×1"),
        ]
        for (bytes, code, text) in cases {
            try Self.write(bytes, path)
            let error = try #require(throws: ImageFileError.self) { try ImageFile.load(from: path) }
            #expect(error.code == code && error.message.contains(text) && error.message.contains(path), "\(error)")
        }
        let missing = try #require(throws: ImageFileError.self) { try ImageFile.load(from: folder.path("none")) }
        #expect(missing.code == .unreadable)
    }

    @Test("the first images of an IDX file are read, grey or in colours")
    func idx() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("images-idx3-ubyte")
        try Self.write([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2] + (1...6), path)
        let entries = try ImageFile.load(from: path, limit: 2)
        #expect(entries.map(\.name) == ["images-idx3-ubyte[0]", "images-idx3-ubyte[1]"])
        #expect(entries.map(\.image.pixels) == [[1, 2], [3, 4]])
        #expect(try ImageFile.load(from: path).count == 3)
        try Self.write([0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2] + (1...6), path)
        #expect(
            try ImageFile.load(from: path).map(\.image) == [
                StoredImage(channels: 3, height: 1, width: 2, pixels: Array(1...6))
            ])
    }

    @Test(
        "another size has the means of areas", arguments: [(6, 9), (2, 3), (4, 6), (1, 1), (5, 7), (12, 20), (28, 28)])
    func resize(height: Int, width: Int) {
        var random = RandomBytes(state: 5)
        let (oldHeight, oldWidth) = (6, 9)
        let image = StoredImage(
            channels: 3, height: oldHeight, width: oldWidth,
            pixels: (0..<3 * oldHeight * oldWidth).map { _ in UInt8.random(in: 0...255, using: &random) })
        let result = image.resized(height: height, width: width)
        func overlap(_ new: Int, _ count: Int, _ old: Int, _ oldCount: Int) -> Double {
            let scale = Double(oldCount) / Double(count)
            return max(0, min(Double(new + 1) * scale, Double(old + 1)) - max(Double(new) * scale, Double(old))) / scale
        }
        for channel in 0..<3 {
            for y in 0..<height {
                for x in 0..<width {
                    var mean = 0.0
                    for oldY in 0..<oldHeight {
                        for oldX in 0..<oldWidth {
                            let share = overlap(y, height, oldY, oldHeight) * overlap(x, width, oldX, oldWidth)
                            mean += share * Double(image.pixels[(channel * oldHeight + oldY) * oldWidth + oldX])
                        }
                    }
                    let found = Double(result.pixels[(channel * height + y) * width + x])
                    #expect(abs(found - mean) <= 0.501, "\(channel) \(y) \(x)")
                }
            }
        }
        if height == oldHeight { #expect(result == image) }
    }

    @Test("colours become their brightness, and grey three equal planes")
    func conversion() {
        let colors = StoredImage(channels: 3, height: 1, width: 3, pixels: [255, 0, 10, 255, 0, 20, 255, 255, 30])
        #expect(colors.converted(toChannels: 1).pixels == [255, 29, 18])
        let grey = StoredImage(channels: 1, height: 1, width: 2, pixels: [7, 9])
        #expect(grey.converted(toChannels: 3).pixels == [7, 9, 7, 9, 7, 9])
        #expect(grey.converted(toChannels: 1) == grey)
    }
}

/// The same numbers in every run.
private struct RandomBytes: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 32) | (state << 32)
    }
}
