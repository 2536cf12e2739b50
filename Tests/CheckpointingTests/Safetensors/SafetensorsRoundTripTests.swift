import Foundation
import Testing

@testable import Checkpointing

@Suite("Safetensors files are read as they were written")
struct SafetensorsRoundTripTests {
    struct Tensor: Sendable {
        let name: String
        let dtype: SafetensorsDType
        let shape: [Int]

        /// Bytes that differ from tensor to tensor.
        var bytes: [UInt8] {
            let count = shape.reduce(dtype.size, *)
            return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ name.utf8.count) }
        }
    }

    static let files: [[Tensor]] = [
        [],
        [Tensor(name: "scalar", dtype: .f32, shape: [])],
        [Tensor(name: "empty", dtype: .i64, shape: [0]), Tensor(name: "also empty", dtype: .u8, shape: [3, 0, 2])],
        [Tensor(name: "", dtype: .f32, shape: [1])],
        SafetensorsDType.allCases.map { Tensor(name: "of \($0)", dtype: $0, shape: [3, 5]) },
        SafetensorsDType.allCases.reversed().map { Tensor(name: "of \($0)", dtype: $0, shape: [1]) },
        ["größe", "e\u{301}", "\u{e9}", "quo\"te", "back\\slash", "tab\tfeed\n", "nul\u{0}", "\u{7f}", "層.0", "😀", "/"]
            .map { Tensor(name: $0, dtype: .bool, shape: [7]) },
        [Tensor(name: "deep", dtype: .u8, shape: Array(repeating: 1, count: 64))],
        [Tensor(name: "large", dtype: .f32, shape: [700, 1000]), Tensor(name: "small", dtype: .u8, shape: [3])],
    ]

    @Test("names, types, shapes, order and bytes come back", arguments: files)
    func roundTrip(_ tensors: [Tensor]) throws {
        let folder = try SafetensorsFolder()
        let path = folder.file("model.safetensors")
        let metadata = ["format": "pt", "größe \"q\"": "line\nfeed \\ \u{1} 😀", "": ""]
        try write(tensors, metadata: metadata, to: path)
        #expect(try folder.names == ["model.safetensors"])

        let file = try SafetensorsFile(path)
        #expect(file.metadata == metadata)
        #expect(file.entries.map { Array($0.name.utf8) } == tensors.map { Array($0.name.utf8) })
        #expect(file.entries.map(\.dtype) == tensors.map(\.dtype))
        #expect(file.entries.map(\.shape) == tensors.map(\.shape))
        for tensor in tensors { #expect(try file.copy(of: tensor.name) == tensor.bytes, "\(tensor.name)") }
    }

    @Test("every tensor is aligned for its elements", arguments: files)
    func alignment(_ tensors: [Tensor]) throws {
        let folder = try SafetensorsFolder()
        try write(tensors, to: folder.file("model.safetensors"))
        for entry in try SafetensorsFile(folder.file("model.safetensors")).entries {
            #expect(entry.byteRange.lowerBound % entry.dtype.size == 0, "\(entry.name)")
        }
    }

    @Test("the same tensors and metadata give the same bytes")
    func deterministic() throws {
        let folder = try SafetensorsFolder()
        let metadata = Dictionary(uniqueKeysWithValues: (0..<50).map { ("key \($0)", "value") })
        try write(Self.files[4], metadata: metadata, to: folder.file("a"))
        try write(
            Self.files[4], metadata: Dictionary(uniqueKeysWithValues: metadata.shuffled()), to: folder.file("b"))
        #expect(FileManager.default.contentsEqual(atPath: folder.file("a"), andPath: folder.file("b")))
    }

    @Test("well-formed files are accepted", arguments: SafetensorsSample.wellFormed)
    func accepted(_ bytes: [UInt8]) throws {
        let file = try SafetensorsFile(bytes: bytes)
        #expect(file.entries.reduce(0) { $0 + $1.byteRange.count } == bytes.count - 8 - Int(bytes[0]))
    }

    @Test("entries keep the header's order, not that of their bytes")
    func unsortedHeader() throws {
        let file = try SafetensorsFile(bytes: SafetensorsSample.wellFormed[2])
        #expect(file.entries.map(\.name) == ["b", "a"])
        #expect(try file.copy(of: "a") == [0, 1, 2, 3])
        #expect(try file.copy(of: "b") == Array(4..<12))
    }

    @Test("escapes are resolved, in names and in metadata")
    func escapes() throws {
        let file = try SafetensorsFile(bytes: SafetensorsSample.wellFormed[3])
        #expect(file.metadata == ["format": "pt", "note": "größe é 😀"])
        let slashes = SafetensorsSample.file(#"{"__metadata__":{"\"\\\/\b\f\n\r\t\u0000":"\u00C9"}}"#)
        #expect(try SafetensorsFile(bytes: slashes).metadata == ["\"\\/\u{8}\u{c}\n\r\t\u{0}": "É"])
    }

    @Test("a file that the reference package wrote is read")
    func reference() throws {
        let file = try SafetensorsFile(bytes: Array(try #require(Data(base64Encoded: Self.fromReferencePackage))))
        #expect(file.metadata == ["format": "np", "note": "größe\n"])
        let described = file.entries.map { "\($0.name) \($0.dtype) \($0.shape)" }
        #expect(
            described == [
                "counter I64 []", "empty F64 [0, 4]", "layers.0.weight F32 [2, 3]", "layers.0.bias F16 [2]",
                "größe \"q\" U8 [1, 1]", "mask BOOL [3]",
            ])
        #expect(try file.withBytes(of: "counter") { $0.loadUnaligned(as: Int64.self) } == 7)
        let weight = try file.withBytes(of: "layers.0.weight") { bytes in
            (0..<6).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(weight == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try file.copy(of: "layers.0.bias") == [0x00, 0x3E, 0x80, 0xC0])
        #expect(try file.copy(of: "größe \"q\"") == [255])
        #expect(try file.copy(of: "mask") == [1, 0, 1])
        #expect(try file.copy(of: "empty").isEmpty)
    }

    /// What `safetensors.numpy.save` of version 0.8.0 makes of six arrays.
    static let fromReferencePackage =
        "sAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCIsIm5vdGUiOiJncsO2w59lXG4ifSwiY291bnRlciI6eyJkdHlw"
        + "ZSI6Ikk2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImVtcHR5Ijp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsw"
        + "LDRdLCJkYXRhX29mZnNldHMiOls4LDhdfSwibGF5ZXJzLjAud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJk"
        + "YXRhX29mZnNldHMiOls4LDMyXX0sImxheWVycy4wLmJpYXMiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNl"
        + "dHMiOlszMiwzNl19LCJncsO2w59lIFwicVwiIjp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzEsMV0sImRhdGFfb2Zmc2V0cyI6WzM2"
        + "LDM3XX0sIm1hc2siOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMzcsNDBdfX0HAAAAAAAAAAAA"
        + "AAAAAIA+AAAAPwAAQD8AAIA/AACgPwA+gMD/AQAB"

    private func write(_ tensors: [Tensor], metadata: [String: String] = [:], to path: String) throws {
        try SafetensorsSample.write(
            tensors.map { ($0.name, $0.dtype, $0.shape, $0.bytes) }, metadata: metadata, to: path)
    }
}

extension SafetensorsSample {
    /// Writes tensors whose bytes are arrays.
    static func write(
        _ tensors: [(name: String, dtype: SafetensorsDType, shape: [Int], bytes: [UInt8])],
        metadata: [String: String] = [:], to path: String
    ) throws {
        let copies = tensors.map { tensor in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.bytes.count, alignment: 8)
            copy.copyBytes(from: tensor.bytes)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        let entries = zip(tensors, copies).map { tensor, copy in
            SafetensorsWriter.Entry(
                name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: UnsafeRawBufferPointer(copy))
        }
        try SafetensorsWriter.write(entries, metadata: metadata, to: path)
    }
}
