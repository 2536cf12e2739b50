import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("Archives that are not PyTorch's are refused")
struct ZipDirectoryTests {
    typealias Sample = PickleSample

    private static let good = Sample.file(Sample.pickle(Sample.tensor()))

    /// The first place of some bytes, or the last one.
    private static func place(of wanted: [UInt8], in bytes: [UInt8], last: Bool = false) throws -> Int {
        let places = (0...bytes.count - wanted.count).filter { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
        return try #require(last ? places.last : places.first)
    }

    private static func changed(_ change: (inout [UInt8]) throws -> Void) rethrows -> [UInt8] {
        var bytes = good
        try change(&bytes)
        return bytes
    }

    private func expectRefusal(
        _ bytes: [UInt8], _ code: PyTorchFileError.Code, _ words: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: PyTorchFileError.self, sourceLocation: sourceLocation) {
            try Sample.load(bytes)
        }
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        for word in words + ["sample.pth"] {
            #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test("two files of one name")
    func duplicates() throws {
        let pickle = Sample.pickle(Sample.tensor())
        try expectRefusal(
            Sample.archive([("data.pkl", pickle), ("data/0", Sample.sixFloats), ("data.pkl", pickle)]), .damagedArchive,
            "two files", "archive/data.pkl")
    }

    @Test("a compressed file, and an encrypted one")
    func compression() throws {
        let entry = try Self.place(of: Array("PK\u{1}\u{2}".utf8), in: Self.good)
        try expectRefusal(
            Self.changed {
                $0[entry + 10] = 8
                $0[8] = 8
            }, .unsupportedArchive, "compressed", "method 8")
        try expectRefusal(Self.changed { $0[entry + 10] = 8 }, .damagedArchive, "no header")
        try expectRefusal(Self.changed { $0[entry + 8] |= 1 }, .unsupportedArchive, "encrypted")
    }

    @Test("files that overlap, and files of other sizes than the directory says")
    func overlap() throws {
        let first = try Self.place(of: Array("PK\u{1}\u{2}".utf8), in: Self.good)
        try expectRefusal(Self.changed { $0[first + 20] ^= 1 }, .damagedArchive, "contradict")
        try expectRefusal(
            Self.changed {
                $0[first + 20] = 255
                $0[first + 24] = 255
            }, .damagedArchive, "overlap")
        try expectRefusal(
            Self.changed {
                $0[first + 22] = 255
                $0[first + 26] = 255
            }, .damagedArchive, "too few bytes")
        try expectRefusal(
            Self.changed { bytes in for place in [20, 24] { for byte in 0..<4 { bytes[first + place + byte] = 255 } } },
            .damagedArchive, "contradict")
    }

    @Test("a header that is elsewhere or has another name")
    func headers() throws {
        let first = try Self.place(of: Array("PK\u{1}\u{2}".utf8), in: Self.good)
        try expectRefusal(Self.changed { $0[first + 42] = 1 }, .damagedArchive, "no header")
        try expectRefusal(Self.changed { $0[31] ^= 1 }, .damagedArchive, "no header", "archive/data.pkl")
    }

    @Test("another count of files than there are", arguments: [0, 3, 6, 255])
    func counts(_ count: UInt8) throws {
        let end = Self.good.count - 22
        try expectRefusal(
            Self.changed {
                $0[end + 10] = count
                $0[end - 20 - 56 + 32] = count
            }, .damagedArchive)
    }

    @Test("bytes behind the end, and an end that is missing")
    func ends() throws {
        try expectRefusal(Self.good + [0], .truncated, "cut off")
        try expectRefusal(Array(Self.good.dropLast()), .truncated, "cut off")
        try expectRefusal(Array(Self.good.prefix(30)), .truncated, "30 bytes")
    }

    @Test("without ZIP64 it is read all the same")
    func narrow() throws {
        let end = Self.good.count - 22
        let bytes = Array(Self.good[..<(end - 20 - 56)] + Self.good[end...])
        #expect(try Sample.load(bytes).tensors[""]?.shape == [2, 3])
    }

    @Test("sizes and places in a ZIP64 field, as of files above 4 GiB, are read, and missed where it is not there")
    func wideFields() throws {
        let first = try Self.place(of: Array("PK\u{1}\u{2}".utf8), in: Self.good)
        let size = Int(Self.good[first + 24])
        let nameEnd = first + 46 + Int(Self.good[first + 28])
        let wide = Self.changed { bytes in
            for place in [20, 24, 42] { for byte in 0..<4 { bytes[first + place + byte] = 255 } }
            // Another field first, which is passed over.
            var field: [UInt8] = []
            field.append(littleEndian: UInt16(0x4246), UInt16(1), UInt8(9), UInt16(1), UInt16(24))
            field.append(littleEndian: UInt64(size), UInt64(size), UInt64(0))
            bytes[first + 30] = UInt8(field.count)
            let end = bytes.count - 22
            for place in [end + 12, end - 20 + 8, end - 76 + 40] {
                let value = Int(bytes[place]) | Int(bytes[place + 1]) << 8
                bytes[place] = UInt8(truncatingIfNeeded: value + field.count)
                bytes[place + 1] = UInt8(truncatingIfNeeded: (value + field.count) >> 8)
            }
            bytes.insert(contentsOf: field, at: nameEnd)
        }
        #expect(try Sample.load(wide).tensors[""]?.shape == [2, 3])
        var other = wide
        other[nameEnd + 5] = 2
        try expectRefusal(other, .damagedArchive, "contradict")
        other = wide
        other[nameEnd + 7] = 8
        try expectRefusal(other, .damagedArchive, "contradict")
        other = wide
        other[nameEnd + 16] = 128
        try expectRefusal(other, .damagedArchive, "contradict")
    }

    @Test("bytes of a tensor, and of the pickle, that are not those that were written")
    func checksums() throws {
        let storage = try Self.place(of: Sample.sixFloats, in: Self.good)
        try expectRefusal(Self.changed { $0[storage + 5] ^= 1 }, .wrongChecksum, "data/0", "set_crc32_options")
        try expectRefusal(Self.changed { $0[70] ^= 1 }, .wrongChecksum, "data.pkl")
    }

    @Test("another byte order")
    func byteOrder() throws {
        let files = [("data.pkl", Sample.pickle([0x4E])), ("byteorder", Array("big".utf8))]
        try expectRefusal(Sample.archive(files), .unsupportedFormat, "big", "little-endian")
        #expect(try Sample.load(Sample.archive([files[0]], folder: "model")).values == ["": .none])
    }

    @Test("files of other kinds, each with the way out")
    func kinds() throws {
        let script = Sample.archive([("data.pkl", Sample.pickle([0x4E])), ("constants.pkl", Sample.pickle([0x29]))])
        try expectRefusal(script, .unsupportedFormat, "TorchScript", "torch.jit.load")
        try expectRefusal(Sample.archive([("notes.txt", [65])]), .unsupportedFormat, "data.pkl")
        try expectRefusal(FileStart.legacy + [0x2E], .unsupportedFormat, "1.6", "new_path")
        try expectRefusal([0x80, 4, 0x95, 0, 0], .unsupportedFormat, "plain Python pickle", "torch.save")
        try expectRefusal(SafetensorsSample.file("{}"), .unsupportedFormat, "safetensors")
        try expectRefusal([0x1F, 0x8B, 8], .unsupportedFormat, "gunzip")
        try expectRefusal(Array("version https://git-lfs.github.com".utf8), .unsupportedFormat, "git lfs pull")
        try expectRefusal(Array("<!DOCTYPE html>".utf8), .unsupportedFormat, "web page")
        try expectRefusal(Array("anything".utf8), .unsupportedFormat)
        try expectRefusal([], .truncated, "empty")
    }

    @Test("a file that is not there or is a folder")
    func absence() throws {
        try withTemporaryFolder { folder in
            for path in ["\(folder)/none.pth", folder] {
                let error = try #require(throws: PyTorchFileError.self) { try PyTorchFile.load(from: path) }
                #expect(error.code == .fileUnreadable && error.message.contains(path))
            }
        }
    }
}
