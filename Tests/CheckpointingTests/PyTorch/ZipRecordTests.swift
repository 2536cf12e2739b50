import Files
import Foundation
import LockstepTesting
import Testing

@testable import Checkpointing

@Suite("ZIP headers are laid out as PyTorch lays them out")
struct ZipRecordTests {
    /// Sizes of files after one another, some of which need more than 32 bits, or stand behind 4 GiB.
    static let archives: [[Int]] = [
        [], [0], [5], [0, 1, 63, 64, 65], [Int(UInt32.max) - 1], [Int(UInt32.max)], [Int(UInt32.max) - 300, 1, 0, 2],
        [1 << 32, 0, 7, 1 << 33], [7, 1 << 40, 1 << 20], Array(repeating: 3, count: 66_000),
    ]

    @Test(
        "headers, descriptors and directory are those of PyTorch's writer, at any size",
        .enabled(if: PyTorchPython.executable != nil, Comment(rawValue: PyTorchPython.absence)))
    func agreement() throws {
        // Data are stepped over, so that nothing of their size is written; the checksum is zero then. PyTorch adds three
        // files of its own.
        let script = """
            import json, sys, torch
            class Pieces(list):
                def write(self, piece):
                    piece = bytes(piece)
                    if piece[:4] in (b"\\1\\0\\x10\\0", b"\\1\\0\\x18\\0"):
                        # PyTorch leaves the stored size zero in front of the data, and has it right behind them.
                        assert piece[12:20] == bytes(8)
                        piece = piece[:12] + piece[4:12] + piece[20:]
                    self.append(piece)
                    return len(piece)
                def seek(self, distance, start):
                    assert start == 1
                    return distance
            for number, sizes in enumerate(json.load(open(sys.argv[1] + "/sizes"))):
                pieces = Pieces()
                writer = torch._C.PyTorchFileWriter(pieces)
                for index, size in enumerate(sizes): writer.write_record_metadata(f"data/{index}", size)
                writer.write_end_of_file()
                open(f"{sys.argv[1]}/{number}", "wb").write(b"".join(pieces))
                print(writer.serialization_id())
            """
        try withTemporaryFolder { folder in
            try JSONEncoder().encode(Self.archives).write(to: URL(fileURLWithPath: "\(folder)/sizes"))
            let digests = try PyTorchPython.run(script, arguments: [folder]).split(separator: "\n")
            try #require(digests.count == Self.archives.count)
            for (number, (sizes, digest)) in zip(Self.archives, digests).enumerated() {
                let expected = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(number)"))
                let files =
                    sizes.enumerated().map { File(name: "data/\($0)", size: $1, data: nil) } + [
                        File("version", "3\n"), File("byteorder", "little"),
                        File(".data/serialization_id", String(digest)),
                    ]
                #expect(Data(Self.skeleton(of: files)) == expected, "archive \(number)")
            }
        }
    }

    @Test(
        "data start at multiples of 64 bytes, wherever the header is", arguments: [0, 1, 13, 63, 1 << 20, 1 << 33 | 7])
    func alignment(_ offset: Int) {
        for length in 0..<130 {
            let record = ZipRecord(name: String(repeating: "n", count: length), size: 1, offset: offset)
            #expect((offset + record.localHeader.count) % 64 == 0, "\(length)")
        }
    }

    /// A file of an archive, whose data may be left out.
    private struct File {
        let name: String
        let size: Int
        let data: [UInt8]?

        init(name: String, size: Int, data: [UInt8]?) {
            self.name = name
            self.size = size
            self.data = data
        }

        init(_ name: String, _ text: String) {
            self.init(name: name, size: text.utf8.count, data: Array(text.utf8))
        }
    }

    /// The bytes of an archive without the data that are left out.
    private static func skeleton(of files: [File]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        var position = 0
        for file in files {
            let record = ZipRecord(
                name: "archive/\(file.name)", size: file.size, offset: position,
                checksum: file.data.map { CRC32.checksum(of: $0) } ?? 0)
            bytes += record.localHeader + (file.data ?? []) + record.descriptor
            position += record.localHeader.count + file.size + record.descriptor.count
            directory += record.directoryEntry
        }
        return bytes + directory
            + ZipDirectoryEnd(count: files.count, size: directory.count, offset: position).bytes
    }
}
