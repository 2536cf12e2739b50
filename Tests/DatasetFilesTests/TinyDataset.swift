import Crypto
import DatasetFiles
import Foundation
import Synchronization
import Testing

/// A small data set with checksums of its own, in the formats of the real ones.
struct TinyDataset: Sendable {
    let description: DatasetDescription
    /// The files as a mirror serves them.
    let archives: [String: [UInt8]]
    /// The unpacked files.
    let contents: [String: [UInt8]]

    /// 40 training and 10 test images of 28×28 in IDX files, each compressed with `gzip`.
    static func idx(name: String = "tiny", editing: (inout [String: [UInt8]]) -> Void = { _ in }) throws -> TinyDataset
    {
        var contents: [String: [UInt8]] = [:]
        for (prefix, count) in [("train", 40), ("t10k", 10)] {
            contents["\(prefix)-images-idx3-ubyte"] =
                idxHeader([count, 28, 28]) + noise(count * 784, seed: UInt64(count))
            contents["\(prefix)-labels-idx1-ubyte"] = idxHeader([count]) + (0..<count).map { UInt8($0 * 7 % 10) }
        }
        editing(&contents)
        var archives: [String: [UInt8]] = [:]
        var entries: [DatasetDescription.Archive] = []
        for (name, bytes) in contents.sorted(by: { $0.key < $1.key }) {
            let packed = try withFolder { folder in
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                try run("gzip", ["-n", "\(folder)/\(name)"])
                return try bytesOfFile("\(folder)/\(name).gz")
            }
            archives[name + ".gz"] = packed
            entries.append(.init(pinned(name + ".gz", packed), contents: [pinned(name, bytes)]))
        }
        let description = DatasetDescription(
            name: name, title: "Tiny", classNames: (0..<10).map(String.init),
            imageShape: .init(channels: 1, height: 28, width: 28),
            layout: .idx(
                train: .init(images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte"),
                test: .init(images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte")),
            archives: entries, mirrors: [], otherFolders: ["Tiny/raw"])
        return TinyDataset(description: description, archives: archives, contents: contents)
    }

    /// Three files of ten records of 3×32×32, in one archive.
    static func records(archive: String = "tiny-binary.tar.gz") throws -> TinyDataset {
        var contents: [String: [UInt8]] = [:]
        for (number, name) in ["batch_1.bin", "batch_2.bin", "test_batch.bin"].enumerated() {
            contents[name] = (0..<10).flatMap { index in
                [UInt8(index)] + noise(3072, seed: UInt64(number * 10 + index))
            }
        }
        let packed = try withFolder { folder in
            try writeFiles(contents, into: "\(folder)/tiny-batches-bin")
            try run("tar", ["-caf", "\(folder)/\(archive)", "-C", folder, "tiny-batches-bin"])
            return try bytesOfFile("\(folder)/\(archive)")
        }
        let description = DatasetDescription(
            name: "tiny-records", title: "Tiny records", classNames: (0..<10).map(String.init),
            imageShape: .init(channels: 3, height: 32, width: 32),
            layout: .records(train: ["batch_1.bin", "batch_2.bin"], test: ["test_batch.bin"]),
            archives: [
                .init(
                    pinned(archive, packed), contents: contents.sorted { $0.key < $1.key }.map { pinned($0, $1) },
                    otherNames: ["tiny-binary.tar.xz", "tiny-binary.tar"])
            ],
            mirrors: [], otherFolders: ["tiny-records/tiny-batches-bin", "tiny-batches-bin"])
        return TinyDataset(description: description, archives: [archive: packed], contents: contents)
    }

    /// The training images and labels as `open` has to give them.
    var trainingImages: [UInt8] { Array(contents["train-images-idx3-ubyte", default: []].dropFirst(16)) }
    var trainingLabels: [Int] { contents["train-labels-idx1-ubyte", default: []].dropFirst(8).map(Int.init) }
}

func idxHeader(_ dimensions: [Int]) -> [UInt8] {
    [0, 0, 8, UInt8(dimensions.count)]
        + dimensions.flatMap { [UInt8($0 >> 24), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] }
}

/// Bytes that do not compress, so that parts of a download are large.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

func pinned(_ name: String, _ bytes: [UInt8]) -> PinnedFile {
    PinnedFile(name, size: bytes.count, .sha256(sha256(bytes)))
}

func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
