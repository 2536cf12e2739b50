import Foundation

@testable import Checkpointing

/// Safetensors files as bytes, well formed or not.
enum SafetensorsSample {
    /// A file of this header, with its true length in front, and this many bytes of data behind.
    static func file(_ header: String, data: Int = 0) -> [UInt8] {
        file(Array(header.utf8), data: data)
    }

    /// A file of this header, with its true length in front, and this many bytes of data behind.
    static func file(_ header: [UInt8], data: Int = 0) -> [UInt8] {
        length(UInt64(header.count)) + header + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
    }

    /// The eight bytes in front of a header.
    static func length(_ value: UInt64) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// A header's entry of a tensor of bytes.
    static func bytes(_ name: String, _ start: Int, _ end: Int) -> String {
        #""\#(name)":{"dtype":"U8","shape":[\#(end - start)],"data_offsets":[\#(start),\#(end)]}"#
    }

    /// Files of all kinds that are as they should be.
    static var wellFormed: [[UInt8]] {
        [
            file("{}"),
            file("{" + bytes("a", 0, 4) + "," + bytes("b", 4, 12) + "}", data: 12),
            file("{" + bytes("b", 4, 12) + "," + bytes("a", 0, 4) + "} \n", data: 12),
            file(
                #"{"__metadata__":{"format":"pt","note":"größe \u00e9 \ud83d\ude00"},"#
                    + #""w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
                    + #""empty":{"dtype":"I64","shape":[0],"data_offsets":[24,24]},"#
                    + #""scalar":{"shape":[],"data_offsets":[24,26],"dtype":"BF16"}}      "#, data: 26),
        ]
    }
}

/// A folder of a test's own, gone when the test ends.
struct SafetensorsFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/safetensors-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The names in it, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// Writes a file into it and gives its path.
    func place(_ bytes: [UInt8], as name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

extension SafetensorsFile {
    /// A copy of a tensor's bytes.
    func copy(of name: String) throws -> [UInt8] { try withBytes(of: name) { Array($0) } }
}
