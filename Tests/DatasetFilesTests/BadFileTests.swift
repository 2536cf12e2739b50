import DatasetFiles
import Foundation
import Testing

@Suite("Files that are not what they should be")
struct BadFileTests {
    private static let images = "train-images-idx3-ubyte"
    private static let labels = "train-labels-idx1-ubyte"

    /// A damage to one of the user's files, and the code of the error that it gives.
    static let damages: [(String, DatasetError.Code, @Sendable ([UInt8]) -> [UInt8])] = [
        (images, .truncated, { $0.dropLast() }),
        (images, .truncated, { _ in [] }),
        (images, .wrongSize, { $0 + [0] }),
        (images, .wrongKind, { _ in Array("<!DOCTYPE html><html>not found</html>".utf8) }),
        (images, .wrongKind, { _ in [0x1F, 0x8B, 8, 0, 0, 0] }),
        (images, .wrongChecksum, { $0.dropLast() + [$0[$0.count - 1] ^ 1] }),
        (labels, .wrongChecksum, { $0.dropLast() + [10] }),
        (images + ".gz", .truncated, { Array($0.prefix($0.count / 2)) }),
        (images + ".gz", .wrongKind, { _ in Array("<html>".utf8) }),
        (images + ".gz", .unpackingFailed, { $0.prefix(100) + [UInt8](repeating: 0, count: 100) + $0.dropFirst(200) }),
    ]

    @Test("a damaged file is named with what was expected", arguments: damages.indices)
    func namesDamage(index: Int) async throws {
        let (name, code, damage) = Self.damages[index]
        let tiny = try TinyDataset.idx()
        try await withWorkplace { place in
            let isPacked = name.hasSuffix(".gz")
            var files = isPacked ? tiny.archives : tiny.contents
            files[name] = damage(files[name, default: []])
            try writeFiles(files, into: place.folder + "/mine")
            let location = place.location(place.folder + "/mine")
            let error = try await datasetError { try await place.open(tiny, in: location) }
            let plain = isPacked ? String(name.dropLast(3)) : name
            let expected = try #require(tiny.description.archives.flatMap(\.contents).first { $0.name == plain })
            #expect(error.code == code, "\(error)")
            for part in [place.folder + "/mine/" + name, "\(expected.size) bytes", "\(expected.checksum)"] {
                #expect(error.description.contains(part), "\(part) in \(error)")
            }
        }
    }

    @Test("a file whose unpacked contents differ is named, and gets no final name")
    func wrongContents() async throws {
        let tiny = try TinyDataset.idx()
        let other = try TinyDataset.idx { $0[Self.images]?[99] ^= 1 }
        try await withWorkplace { place in
            try writeFiles(other.archives, into: place.folder + "/mine")
            let location = place.location(place.folder + "/mine")
            let error = try await datasetError { try await place.open(tiny, in: location) }
            #expect(error.code == .wrongChecksum)
            #expect(error.description.contains(place.folder + "/mine/" + Self.images + ".gz"))
            #expect(place.cached().isEmpty)
        }
    }

    @Test("an archive that lacks a file is named with the file")
    func lacksFile() async throws {
        let tiny = try TinyDataset.records()
        try await withWorkplace { place in
            try writeFiles(["tiny-batches-bin": [1]], into: place.folder + "/other")
            try writeFiles([:], into: place.folder + "/mine")
            try run("tar", ["-cf", place.folder + "/mine/tiny-binary.tar", "-C", place.folder, "other"])
            let location = place.location(place.folder + "/mine")
            let error = try await datasetError { try await place.open(tiny, in: location) }
            #expect(error.code == .unpackingFailed)
            #expect(error.message.contains("batch_1.bin") && error.message.contains("tiny-binary.tar"))
        }
    }

    /// Contents with checksums that are right and bytes that are not: what only the parser can find.
    static let forgeries: [(DatasetError.Code, String, @Sendable (inout [String: [UInt8]]) -> Void)] = [
        (.wrongKind, "00000803", { $0[images]?[3] = 1 }),
        (.wrongKind, "00000801", { $0[labels]?[2] = 9 }),
        (.truncated, "its header says 41×28×28", { $0[images]?[7] = 41 }),
        (.wrongSize, "its header says 39×28×28", { $0[images]?[7] = 39 }),
        (.truncated, "header", { $0[labels]?.replaceSubrange(4..<8, with: [255, 255, 255, 255]) }),
        (.wrongSize, "14×56. Expected 28×28", { $0[images]?.replaceSubrange(11...15, with: [14, 0, 0, 0, 56]) }),
        (
            .wrongSize, "39 labels. Expected 40",
            {
                $0[labels]?[7] = 39
                $0[labels]?.removeLast()
            }
        ),
        (.labelOutOfRange, "the label of image 3 is 10. Expected 0...9", { $0[labels]?[11] = 10 }),
        (.truncated, "whose header alone has 16", { $0[images]?.removeSubrange(12...) }),
    ]

    @Test("headers and labels are checked at every start", arguments: forgeries.indices)
    func checksContents(index: Int) async throws {
        let (code, text, forge) = Self.forgeries[index]
        let tiny = try TinyDataset.idx(editing: forge)
        try await withWorkplace { place in
            try writeFiles(tiny.contents, into: place.folder + "/mine")
            let location = place.location(place.folder + "/mine")
            let error = try await datasetError { try await place.open(tiny, in: location) }
            #expect(error.code == code && error.message.contains(text), "\(error)")
            #expect(error.message.contains(place.folder + "/mine/train-"))
        }
    }
}
