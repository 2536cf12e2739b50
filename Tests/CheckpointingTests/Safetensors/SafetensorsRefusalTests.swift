import Foundation
import Testing

@testable import Checkpointing

@Suite("Bad safetensors files are refused")
struct SafetensorsRefusalTests {
    struct BadFile: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let code: SafetensorsError.Code
        let words: [String]

        init(_ name: String, _ bytes: [UInt8], _ code: SafetensorsError.Code, _ words: String...) {
            testDescription = name
            self.bytes = bytes
            self.code = code
            self.words = words
        }

        init(_ name: String, header: String, data: Int = 0, _ code: SafetensorsError.Code, _ words: String...) {
            testDescription = name
            self.bytes = SafetensorsSample.file(header, data: data)
            self.code = code
            self.words = words
        }
    }

    private static let a = SafetensorsSample.bytes("a", 0, 4)

    static let lengths: [BadFile] = [
        BadFile("empty", [], .truncated, "has 0 bytes"),
        BadFile("seven bytes", [1, 0, 0, 0, 0, 0, 0], .truncated, "has 7 bytes"),
        BadFile("length without body", SafetensorsSample.length(60), .truncated, "60 bytes", "only 0 bytes"),
        BadFile("length beyond the limit", [0x3C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF], .headerTooLarge, "100000000"),
        BadFile("length of 2^64 - 1", [UInt8](repeating: 0xFF, count: 8), .headerTooLarge),
        BadFile("length of 2^63", SafetensorsSample.length(1 << 63), .headerTooLarge),
        BadFile("length one above the limit", SafetensorsSample.length(100_000_001), .headerTooLarge, "100000001"),
        BadFile("length one above the file", SafetensorsSample.length(3) + Array("{}".utf8), .truncated, "only 2"),
        BadFile("no header", SafetensorsSample.length(0), .headerSyntax, "'{'"),
        BadFile(
            "ZIP archive", Array("PK\u{3}\u{4}\u{14}\u{0}\u{8}\u{8}rest".utf8), .headerTooLarge, "ZIP", "torch.save"),
        BadFile("Git LFS pointer", Array("version https://git-lfs".utf8), .headerTooLarge, "git lfs pull"),
        BadFile("web page", Array("<!DOCTYPE html><html>".utf8), .headerTooLarge, "web page"),
    ]

    static let syntax: [BadFile] = [
        BadFile("not UTF-8", SafetensorsSample.file([0xFF]), .headerNotUTF8, "byte 0"),
        BadFile(
            "not UTF-8 in a name", SafetensorsSample.file(Array("{\"".utf8) + [0xC3, 0x28]), .headerNotUTF8, "byte 2"),
        BadFile("only a brace", header: "{", .headerSyntax, "end of the header"),
        BadFile("leading white space", header: " {}", .headerSyntax, "first byte", "' '"),
        BadFile("byte-order mark", header: "\u{FEFF}{}", .headerSyntax, "0xef"),
        BadFile("an array", header: "[]", .headerSyntax, "'['"),
        BadFile("NUL padding", header: "{}\u{0}\u{0}", .headerSyntax, "0x00", "byte 2"),
        BadFile("two values", header: "{} {}", .headerSyntax, "byte 3"),
        BadFile("trailing comma", header: "{\(a),}", data: 4, .headerSyntax, "'}'"),
        BadFile("no comma", header: "{\(a)\(SafetensorsSample.bytes("b", 4, 5))}", data: 5, .headerSyntax, "','"),
        BadFile("no colon", header: #"{"a" {}}"#, .headerSyntax, "':'"),
        BadFile("name without quotes", header: "{a:{}}", .headerSyntax, "quotation marks"),
        BadFile("open string", header: #"{"abc"#, .headerSyntax, "closing quotation mark"),
        BadFile("line feed in a name", header: "{\"a\nb\":{}}", .headerSyntax, "control character", "0x0a"),
        BadFile("unknown escape", header: #"{"\x41":{}}"#, .headerSyntax, "escapes"),
        BadFile("short \\u escape", header: #"{"\u12":{}}"#, .headerSyntax, "hexadecimal"),
        BadFile("half a surrogate pair", header: #"{"\ud83d":{}}"#, .headerSyntax, "surrogate"),
        BadFile("second half first", header: #"{"\ude00\ud83d":{}}"#, .headerSyntax, "surrogate"),
        BadFile("wrong second half", header: #"{"\ud83d\u0041":{}}"#, .headerSyntax, "surrogate"),
        BadFile("tensor is a number", header: #"{"a":1}"#, .headerSyntax, "\"a\""),
        BadFile("ten thousand brackets", header: #"{"a":"# + String(repeating: "[", count: 10_000), .headerSyntax),
        BadFile("ten thousand braces", header: String(repeating: #"{"a":"#, count: 10_000), .unknownField, "\"a\""),
    ]

    static let keys: [BadFile] = [
        BadFile("a tensor twice", header: "{\(a),\(a)}", data: 4, .duplicateKey, "\"a\"", "twice"),
        BadFile(
            "a tensor twice, once escaped",
            header: "{\(a),\(SafetensorsSample.bytes(#"\u0061"#, 4, 8))}", data: 8, .duplicateKey, "\"a\""),
        BadFile(
            "a field twice", header: field(#""dtype":"U8","dtype":"U8""#), data: 4, .duplicateKey, "dtype", "twice"),
        BadFile("shape twice", header: field(#""shape":[4],"shape":[4]"#), data: 4, .duplicateKey, "shape"),
        BadFile(
            "offsets twice", header: field(#""data_offsets":[0,4],"data_offsets":[0,4]"#), data: 4, .duplicateKey),
        BadFile("metadata twice", header: #"{"__metadata__":{},"__metadata__":{}}"#, .duplicateKey, "__metadata__"),
        BadFile("a metadata key twice", header: #"{"__metadata__":{"k":"1","k":"2"}}"#, .duplicateKey, "\"k\""),
        BadFile("metadata a string", header: #"{"__metadata__":"pt"}"#, .invalidMetadata, "object of strings"),
        BadFile("metadata null", header: #"{"__metadata__":null}"#, .invalidMetadata),
        BadFile("metadata with a number", header: #"{"__metadata__":{"step":3}}"#, .invalidMetadata, "\"step\""),
        BadFile("metadata nested", header: #"{"__metadata__":{"a":{"b":"c"}}}"#, .invalidMetadata, "\"a\""),
        BadFile(
            "metadata that is a tensor", header: "{\(SafetensorsSample.bytes("__metadata__", 0, 4))}", data: 4,
            .invalidMetadata, "shape"),
        BadFile("no dtype", header: #"{"a":{"shape":[4],"data_offsets":[0,4]}}"#, data: 4, .missingField, "dtype"),
        BadFile("no shape", header: #"{"a":{"dtype":"U8","data_offsets":[0,4]}}"#, data: 4, .missingField, "shape"),
        BadFile("no offsets", header: #"{"a":{"dtype":"U8","shape":[4]}}"#, data: 4, .missingField, "data_offsets"),
        BadFile("no field", header: #"{"a":{}}"#, .missingField, "dtype"),
        BadFile("unknown field", header: field(#""strides":[1]"#), data: 4, .unknownField, "strides"),
        BadFile(
            "unknown type", header: #"{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}"#, data: 16,
            .unknownDType, "F128", "BF16"),
        BadFile("type in small letters", header: tensor("f32", "[1]", "[0,4]"), data: 4, .unknownDType, "f32"),
    ]

    static let ranges: [BadFile] = [
        BadFile("too few bytes for the shape", header: tensor("I32", "[4]", "[0,4]"), data: 4, .wrongSize, "16", "4"),
        BadFile("too many bytes for the shape", header: tensor("I32", "[1]", "[0,8]"), data: 8, .wrongSize, "hold 8"),
        BadFile("extra byte at the end", header: "{\(a)}", data: 5, .uncoveredBytes, "1 bytes after the last"),
        BadFile("missing byte at the end", header: "{\(a)}", data: 3, .truncated, "\"a\"", "only 3"),
        BadFile("no data at all", header: "{\(a)}", .truncated, "only 0"),
        BadFile("data without tensors", header: "{}", data: 1, .uncoveredBytes),
        BadFile(
            "product above 2^64", header: tensor("F32", "[2,18446744073709551614]", "[0,16]"), data: 16, .invalidShape),
        BadFile(
            "product that wraps", header: tensor("F32", "[2,9223372036854775807]", "[0,16]"), data: 16, .invalidShape),
        BadFile(
            "bytes that wrap", header: tensor("F64", "[2305843009213693952]", "[0,0]"), .invalidShape,
            "2305843009213693952"),
        BadFile("negative dimension", header: tensor("U8", "[-4]", "[0,4]"), data: 4, .invalidShape, "negative"),
        BadFile("two negative dimensions", header: tensor("U8", "[-2,-2]", "[0,4]"), data: 4, .invalidShape),
        BadFile("dimension with a point", header: tensor("U8", "[4.0]", "[0,4]"), data: 4, .headerSyntax, "'.'"),
        BadFile("dimension with an exponent", header: tensor("U8", "[4e0]", "[0,4]"), data: 4, .headerSyntax, "'e'"),
        BadFile("leading zero", header: tensor("U8", "[04]", "[0,4]"), data: 4, .headerSyntax, "leading zero"),
        BadFile("dimension in quotes", header: tensor("U8", "[\"4\"]", "[0,4]"), data: 4, .headerSyntax),
        BadFile("shape a number", header: tensor("U8", "4", "[0,4]"), data: 4, .headerSyntax, "'['"),
        BadFile("shape with a trailing comma", header: tensor("U8", "[4,]", "[0,4]"), data: 4, .headerSyntax),
        BadFile(
            "65 dimensions",
            header: tensor("U8", "[\(Array(repeating: "1", count: 65).joined(separator: ","))]", "[0,1]"),
            data: 1, .invalidShape, "64 dimensions"),
        BadFile("negative offset", header: tensor("U8", "[4]", "[-4,0]"), data: 4, .invalidOffsets, "negative"),
        BadFile("reversed offsets", header: tensor("U8", "[4]", "[4,0]"), data: 4, .invalidOffsets, "[4, 0]"),
        BadFile("one offset", header: tensor("U8", "[4]", "[0]"), data: 4, .headerSyntax, "','"),
        BadFile("three offsets", header: tensor("U8", "[4]", "[0,4,8]"), data: 4, .headerSyntax, "']'"),
        BadFile("offset above 2^63", header: tensor("U8", "[4]", "[0,9223372036854775808]"), data: 4, .invalidOffsets),
        BadFile(
            "ten names for the same bytes",
            header: "{" + (0..<10).map { SafetensorsSample.bytes("t\($0)", 0, 4) }.joined(separator: ",") + "}",
            data: 4,
            .invalidOffsets, "inside those of"),
        BadFile(
            "overlap by a byte", header: "{\(a),\(SafetensorsSample.bytes("b", 3, 8))}", data: 8, .invalidOffsets,
            "\"b\"", "start at 3", "\"a\"", "end at 4"),
        BadFile(
            "hole in the middle", header: "{\(a),\(SafetensorsSample.bytes("b", 5, 8))}", data: 8, .uncoveredBytes,
            "1 bytes before tensor \"b\"", "4 to 5"),
        BadFile(
            "hole at the start", header: "{\(SafetensorsSample.bytes("b", 2, 4))}", data: 4, .uncoveredBytes,
            "2 bytes before"),
        BadFile(
            "empty tensor inside another", header: "{\(a),\(SafetensorsSample.bytes("b", 2, 2))}", data: 4,
            .invalidOffsets, "\"b\""),
    ]

    private static func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
        #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    /// A good entry with more fields behind the good ones.
    private static func field(_ more: String) -> String {
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],\#(more)}}"#
    }

    @Test(
        "a bad file is refused with its code, naming the file and the fault",
        arguments: lengths + syntax + keys + ranges)
    func refused(_ file: BadFile) throws {
        let error = try #require(throws: SafetensorsError.self) {
            try SafetensorsFile(bytes: file.bytes, name: "bad.safetensors")
        }
        #expect(error.code == file.code, "\(error)")
        #expect(error.message.contains("bad.safetensors"))
        for word in file.words { #expect(error.message.contains(word), "\(error)") }
    }

    @Test("a file on disk is refused like the same bytes in memory", arguments: lengths + syntax + keys + ranges)
    func refusedOnDisk(_ file: BadFile) throws {
        let folder = try SafetensorsFolder()
        let path = try folder.place(file.bytes, as: "bad.safetensors")
        let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path) }
        #expect(error.code == file.code, "\(error)")
        #expect(error.message.contains(path))
    }

    @Test("what is no regular file is refused without waiting", arguments: ["missing", "folder", "pipe"])
    func noRegularFile(_ kind: String) throws {
        let folder = try SafetensorsFolder()
        let path = folder.file(kind)
        switch kind {
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        case "pipe": try #require(mkfifo(path, 0o600) == 0)
        default: break
        }
        let error = try #require(throws: SafetensorsError.self) { try SafetensorsFile(path) }
        #expect(error.code == .fileUnreadable)
        #expect(error.message.contains(path))
    }

    @Test("a file that shrinks while it is open is noticed")
    func shrunk() throws {
        let folder = try SafetensorsFolder()
        let path = try folder.place(SafetensorsSample.wellFormed[1], as: "cut.safetensors")
        let file = try SafetensorsFile(path)
        #expect(try file.copy(of: "a") == [0, 1, 2, 3])
        try #require(truncate(path, 16) == 0)
        let error = try #require(throws: SafetensorsError.self) { try file.copy(of: "a") }
        #expect(error.code == .truncated)
    }

    @Test("an unknown tensor is named with those that there are")
    func unknownTensor() throws {
        let file = try SafetensorsFile(bytes: SafetensorsSample.wellFormed[1])
        let error = try #require(throws: SafetensorsError.self) { try file.copy(of: "c") }
        #expect(error.code == .noSuchTensor)
        #expect(error.tensor == "c")
        #expect(error.message.contains("\"a\", \"b\""))
    }

    @Test("nothing is allocated for sizes that are only claimed")
    func boundedMemory() async {
        await #expect(processExitsWith: .success) {
            let claims = [
                SafetensorsSample.length(99_999_999) + Array("{}".utf8),
                SafetensorsSample.file(
                    #"{"a":{"dtype":"U8","shape":[1000000000000],"data_offsets":[0,1000000000000]}}"#),
                SafetensorsSample.file(#"{"a":{"dtype":"F64","shape":[1000000000000,1000000],"data_offsets":[0,8]}}"#),
            ]
            let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[0]
            let used = try #require(UInt(pages)) * UInt(sysconf(Int32(_SC_PAGESIZE)))
            var limit = rlimit(rlim_cur: rlim_t(used + 16 << 20), rlim_max: rlim_t(used + 16 << 20))
            guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { exit(2) }
            for bytes in claims {
                do {
                    _ = try SafetensorsFile(bytes: bytes)
                    exit(3)
                } catch is SafetensorsError {}
            }
            exit(0)
        }
    }
}
