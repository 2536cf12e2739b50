import DatasetFiles
import Files
import Foundation

/// Images from files: PNG, and IDX as of MNIST.
public enum ImageFile {
    /// An image and what it is called.
    public struct Entry: Hashable, Sendable {
        /// The file's name, with the image's number in a file of several.
        public let name: String
        /// The image.
        public let image: StoredImage
    }

    /// Reads the images of a file, whose kind is found out from its first bytes.
    ///
    /// PNG images have 8 bits a channel and are not interlaced; transparency is passed over. An IDX file has images ×
    /// rows × columns bytes, or images × channels × rows × columns, with 1 or 3 channels.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: how many images of an IDX file are read at most, the first ones.
    /// - Throws: ``ImageFileError`` that names the file and what is wrong with it.
    public static func load(from path: String, limit: Int = .max) throws -> [Entry] {
        let file: MappedFile
        let bytes: [UInt8]
        do {
            file = try MappedFile(path)
            bytes = try file.copy(min(file.size, 8), at: 0)
        } catch {
            throw ImageFileError(.unreadable, "\(error)", cause: error)
        }
        let name = URL(fileURLWithPath: path).lastPathComponent
        if bytes.count > 3, bytes.starts(with: [0, 0, 8]) {
            return try images(ofIDX: path, name: name, rank: Int(bytes[3]), limit: limit)
        }
        guard bytes == PNGImage.signature else {
            throw ImageFileError(
                .wrongKind,
                "\(path) is no PNG and no IDX file. Give PNG images, or a file of images such as "
                    + "t10k-images-idx3-ubyte, unpacked.")
        }
        do {
            return [Entry(name: name, image: try PNGImage.decode(try file.copy(file.size, at: 0)))]
        } catch let defect as ImageDefect {
            throw ImageFileError(defect.code, "\(path) cannot be read as PNG: \(defect.text)", cause: defect)
        } catch {
            throw ImageFileError(.unreadable, "\(error)", cause: error)
        }
    }

    private static func images(ofIDX path: String, name: String, rank: Int, limit: Int) throws -> [Entry] {
        let file: IDXFile
        do {
            file = try IDXFile(path, rank: rank == 4 ? 4 : 3)
        } catch {
            throw ImageFileError(.damaged, "\(error)", cause: error)
        }
        let sizes = file.dimensions
        let channels = sizes.count == 4 ? sizes[1] : 1
        guard channels == 1 || channels == 3, !sizes.contains(0) else {
            throw ImageFileError(
                .unsupported,
                "\(path) holds \(sizes.map(String.init).joined(separator: "×")) bytes, and no images × rows × columns, nor "
                    + "images × channels × rows × columns with 1 or 3 channels.")
        }
        let (height, width) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
        let byteCount = channels * height * width
        return try (0..<min(sizes[0], max(0, limit))).map { index in
            let pixels: [UInt8]
            do {
                pixels = try file.copy(index * byteCount..<(index + 1) * byteCount)
            } catch {
                throw ImageFileError(.unreadable, "\(error)", cause: error)
            }
            return Entry(
                name: "\(name)[\(index)]",
                image: StoredImage(channels: channels, height: height, width: width, pixels: pixels))
        }
    }
}
