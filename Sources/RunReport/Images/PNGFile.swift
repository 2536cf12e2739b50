import Files
import Foundation
import RunFiles

/// Writes PNG files, whose pixels are stored as they are: images of a report are small.
///
/// ISO/IEC 15948, and RFC 1950 and 1951 for what is in it.
enum PNGFile {
    /// The file of an image.
    static func bytes(of image: ClassifierEvaluation.Pixels) -> [UInt8] {
        // Grey, grey with opacity, colours, colours with opacity.
        let colorTypes: [UInt8] = [0, 4, 2, 6]
        let header =
            bigEndian(UInt32(image.width)) + bigEndian(UInt32(image.height))
            + [8, colorTypes[image.channels - 1], 0, 0, 0]
        let rowLength = image.width * image.channels
        var rows: [UInt8] = []
        rows.reserveCapacity((rowLength + 1) * image.height)
        for row in 0..<image.height {
            rows.append(0)  // no filter
            rows += image.bytes[row * rowLength..<(row + 1) * rowLength]
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
            + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    /// The file as the address of an image in a page.
    static func address(of image: ClassifierEvaluation.Pixels) -> String {
        "data:image/png;base64," + Data(bytes(of: image)).base64EncodedString()
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        return bigEndian(UInt32(content.count)) + body + bigEndian(CRC32.checksum(of: body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    /// A zlib stream of blocks that are not compressed.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 0xFFFF, bytes.count)
            let length = UInt16(end - start)
            stream.append(end == bytes.count ? 1 : 0)
            for value in [length, ~length] { stream += [UInt8(value & 0xFF), UInt8(value >> 8)] }
            stream += bytes[start..<end]
            start = end
        } while start < bytes.count
        return stream + bigEndian(adler(bytes))
    }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
