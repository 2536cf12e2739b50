import Files
import Torch

@testable import Checkpointing

/// Pickles and archives by hand, well formed or not.
enum PickleSample {
    typealias Bytes = [UInt8]

    /// A pickle of protocol 2 with these instructions.
    static func pickle(_ parts: Bytes...) -> Bytes { [0x80, 2] + parts.flatMap { $0 } + code(".") }

    /// Instructions that are characters.
    static func code(_ characters: String) -> Bytes { Array(characters.utf8) }

    /// A string of fewer than 256 bytes.
    static func text(_ text: String) -> Bytes { [0x8C, UInt8(text.utf8.count)] + text.utf8 }

    /// A class or function.
    static func global(_ module: String, _ name: String) -> Bytes { code("c\(module)\n\(name)\n") }

    /// A whole number of 64 bits.
    static func integer(_ value: Int) -> Bytes {
        var bytes: Bytes = [0x8A, 8]
        bytes.append(littleEndian: Int64(value))
        return bytes
    }

    /// A tuple of whole numbers.
    static func tuple(_ values: [Int]) -> Bytes { code("(") + values.flatMap(integer) + code("t") }

    /// A tensor of a storage in the file `data/0`.
    static func tensor(
        storage: String = "FloatStorage", key: String = "0", count: Int = 6, offset: Int = 0, shape: [Int] = [2, 3],
        strides: [Int] = [3, 1]
    ) -> Bytes {
        let identifier =
            code("(") + text("storage") + global("torch", storage) + text(key) + text("cpu") + integer(count)
            + code("tQ")
        let hooks = global("collections", "OrderedDict") + code(")R")
        return global("torch._utils", "_rebuild_tensor_v2") + code("(") + identifier + integer(offset) + tuple(shape)
            + tuple(strides) + [0x89] + hooks + code("tR")
    }

    /// A dictionary with these items, keys and values in turn.
    static func dictionary(_ items: Bytes...) -> Bytes { code("}(") + items.flatMap { $0 } + code("u") }

    /// A file with a pickle and six elements of float32 as its only storage.
    static func file(_ pickle: Bytes, storages: [Bytes] = [sixFloats]) -> Bytes {
        archive(
            [("data.pkl", pickle), ("byteorder", code("little"))]
                + storages.enumerated().map { ("data/\($0)", $1) } + [("version", code("3\n"))])
    }

    /// The numbers from 0 to 5.
    static let sixFloats: Bytes = (0..<6).map(Float.init).withUnsafeBytes(Array.init)

    /// An archive of uncompressed files, as PyTorch writes it.
    static func archive(_ files: [(name: String, data: Bytes)], folder: String = "archive") -> Bytes {
        var bytes: Bytes = []
        var records: [ZipRecord] = []
        for file in files {
            var record = ZipRecord(name: "\(folder)/\(file.name)", size: file.data.count, offset: bytes.count)
            record.checksum = CRC32.checksum(of: file.data)
            bytes += record.localHeader + file.data + record.descriptor
            records.append(record)
        }
        let start = bytes.count
        for record in records { bytes += record.directoryEntry }
        return bytes + ZipDirectoryEnd(count: records.count, size: bytes.count - start, offset: start).bytes
    }

    /// What a file of these bytes holds.
    static func load(_ bytes: Bytes) throws -> PyTorchFile.Contents {
        try bytes.withUnsafeBytes { try PyTorchFile.contents(of: $0, file: "sample.pth") }
    }
}
