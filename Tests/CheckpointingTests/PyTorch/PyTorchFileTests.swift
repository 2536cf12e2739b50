import Files
import Foundation
import LockstepTesting
import OrderedCollections
import Testing
import Torch

@testable import Checkpointing

@Suite("PyTorch's files are written as archives of tensors")
struct PyTorchFileTests {
    @Test(
        "the archive has PyTorch's files, aligned, uncompressed, with their checksums",
        arguments: PyTorchSample.allCases)
    func structure(_ sample: PyTorchSample) throws {
        try withTemporaryFolder { folder in
            try PyTorchFile.save(sample.state, to: "\(folder)/model.pth")
            let entries = try ZipReading.entries(of: Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.pth")))
            let storages = entries.count - 6
            #expect(
                entries.map(\.name)
                    == ["data.pkl", ".format_version", ".storage_alignment", "byteorder"].map { "archive/\($0)" }
                    + (0..<storages).map { "archive/data/\($0)" }
                    + ["version", ".data/serialization_id"].map { "archive/\($0)" })
            let texts = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.data) })
            #expect(texts["archive/.format_version"] == Array("1".utf8))
            #expect(texts["archive/.storage_alignment"] == Array("64".utf8))
            #expect(texts["archive/byteorder"] == Array("little".utf8))
            #expect(texts["archive/version"] == Array("3\n".utf8))
            #expect(entries.last?.data.count == 40)
            for entry in entries {
                #expect(entry.start % 64 == 0, "\(entry.name)")
                #expect(entry.checksum == CRC32.checksum(of: entry.data), "\(entry.name)")
            }
        }
    }

    @Test("storages hold the elements, in the order of the tensors that first need them")
    func storages() throws {
        let table = PyTorchSample.tensor([3, 2], .int16)
        let state: StateDictionary = [
            "part": table[1], "transposed": table.transpose(0, 1), "table": table, "empty": Tensor.zeros([0]),
            "again": table,
        ]
        try withTemporaryFolder { folder in
            try PyTorchFile.save(state, to: "\(folder)/model.pth")
            let entries = try ZipReading.entries(of: Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.pth")))
            let data = entries.filter { $0.name.hasPrefix("archive/data/") }.map(\.data)
            let inOrder: [Int16] = [-3, -2, -1, 0, 1, 2]
            let transposed: [Int16] = [-3, -1, 1, -2, 0, 2]
            #expect(data == [inOrder.withUnsafeBytes(Array.init), transposed.withUnsafeBytes(Array.init), []])
        }
    }

    @Test("tensors share a storage where their memory overlaps, and only there")
    func sharing() throws {
        let flat = Tensor.arange(12)
        let memory = try #require(flat.withUnsafeMutableBytes { $0.baseAddress })
        let narrow = Tensor(borrowing: memory, shape: [4], dtype: .int32) {}
        let tensors = [
            flat[0..<3], flat[3..<6], flat[8..<10], flat[9..<12], narrow, flat[2..<2], flat[5],
            flat[0..<12].view(3, 4)[.all, 1],
        ]
        let found = PyTorchStorages(tensors)
        withExtendedLifetime((flat, tensors)) {
            #expect(found.places.map(\.storage) == [0, 1, 2, 2, 3, 4, 1, 5])
            #expect(found.places.map(\.offset) == [0, 0, 0, 1, 0, 0, 2, 0])
            #expect(found.storages.map(\.count) == [3, 3, 4, 4, 0, 3])
            #expect(found.storages.map(\.dtype) == [.int64, .int64, .int64, .int32, .int64, .int64])
        }
    }

    @Test("the same state gives the same bytes, whatever the file's name", arguments: PyTorchSample.allCases)
    func deterministic(_ sample: PyTorchSample) throws {
        try withTemporaryFolder { folder in
            try PyTorchFile.save(sample.state, to: "\(folder)/one.pth")
            try PyTorchFile.save(sample.state, to: "\(folder)/two.pt")
            #expect(FileManager.default.contentsEqual(atPath: "\(folder)/one.pth", andPath: "\(folder)/two.pt"))
        }
    }

    @Test("another name or another element gives another digest")
    func digest() throws {
        let states: [StateDictionary] = [
            ["a": Tensor.zeros([2])], ["b": Tensor.zeros([2])], ["a": Tensor.ones([2])],
            ["a": Tensor.zeros([2]), "b": Tensor.zeros([2])],
        ]
        let digests = try states.map { state in
            try withTemporaryFolder { folder in
                try PyTorchFile.save(state, to: "\(folder)/model.pth")
                return try ZipReading.entries(of: Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.pth"))).last?
                    .data
            }
        }
        #expect(Set(digests).count == states.count)
    }
}
